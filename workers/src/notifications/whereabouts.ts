import type { Redis } from '@chatplatform/redis';

/** Who is connected right now. */
export class Whereabouts {
  readonly #redis: Pick<Redis, 'sessions' | 'gateways'>;

  constructor(redis: Pick<Redis, 'sessions' | 'gateways'>) {
    this.#redis = redis;
  }

  /** Of `users` those without a session on a live gateway. Rejects with the error of Redis. */
  async offline(users: readonly string[]): Promise<string[]> {
    const live = await this.#redis.gateways.live();
    const sessions = await Promise.all(users.map((user) => this.#redis.sessions.ofUser(user)));
    return users.filter(
      (_, index) => ![...(sessions[index]?.values() ?? [])].some((incarnation) => live.has(incarnation)),
    );
  }
}

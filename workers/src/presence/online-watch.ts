import type { RecordProducer } from '@chatplatform/kafka';
import type { PlatformEvent } from '@chatplatform/protocol';
import type { DueUser, Redis } from '@chatplatform/redis';
import { eventRecord, type EventTopic } from '../events.ts';

/** Users looked at per round: a few hundred small questions that Redis answers within some milliseconds. */
const ROUND = 200;

interface Deps {
  readonly redis: Pick<Redis, 'gateways' | 'online' | 'sessions'>;
  readonly producer: RecordProducer;
  readonly events: EventTopic;
  readonly onTold: (event: PlatformEvent) => void;
}

/** Looks at users whose sessions changed, and tells who came and who went. */
export class OnlineWatch {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looks at everybody who is due, as long as `goOn`. Rejects with an error of Redis or Kafka; who was not told of stays due. */
  async run(goOn: () => Promise<boolean>): Promise<void> {
    while (await goOn()) {
      const due = await this.#deps.redis.online.due(ROUND);
      await this.#round(due);
      if (due.length < ROUND) return;
    }
  }

  async #round(due: readonly DueUser[]): Promise<void> {
    const live = await this.#deps.redis.gateways.live();
    const turns = await Promise.all(
      [...new Set(due.map(({ user }) => user))].map((user) => this.#turn(user, live)),
    );
    const events = turns.flatMap((turn) => turn ?? []);
    const { online } = this.#deps.redis;
    await this.#deps.producer.appendAll(events.map((event) => eventRecord(event, this.#deps.events)));
    // Only now: who dies before tells it again, with the same time.
    await Promise.all(events.map(({ user, at }) => online.told(user, at)));
    await Promise.all(due.map((entry) => online.settle(entry)));
    for (const event of events) this.#deps.onTold(event);
  }

  async #turn(
    user: string,
    live: ReadonlySet<string>,
  ): Promise<{ type: 'user.online' | 'user.offline'; user: string; at: number } | undefined> {
    const { online, sessions } = this.#deps.redis;
    const holders = await sessions.ofUser(user);
    const isHere = [...holders.values()].some((incarnation) => live.has(incarnation));
    const at = await online.turn(user, isHere);
    return at === undefined ? undefined : { type: isHere ? 'user.online' : 'user.offline', user, at };
  }
}

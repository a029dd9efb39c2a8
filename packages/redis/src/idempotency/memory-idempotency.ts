import type { MemoryServer } from '../memory/server.ts';
import { IDEMPOTENCY_KEEP_MS, type Attempt, type Idempotency } from './idempotency.ts';

/** {@link Idempotency} in memory. */
export class MemoryIdempotency implements Idempotency {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  begin(key: string, attempt: Attempt): Promise<Attempt | undefined> {
    return this.#server.run(({ attempts }, now) => {
      const known = attempts.get(key);
      if (known !== undefined && known.until > now) return known.attempt;
      attempts.set(key, { attempt, until: now + IDEMPOTENCY_KEEP_MS });
      return undefined;
    });
  }

  finish(key: string, attempt: Attempt): Promise<void> {
    return this.#server.run(({ attempts }, now) => {
      attempts.set(key, { attempt, until: now + IDEMPOTENCY_KEEP_MS });
    });
  }

  forget(key: string): Promise<void> {
    return this.#server.run(({ attempts }) => void attempts.delete(key));
  }
}

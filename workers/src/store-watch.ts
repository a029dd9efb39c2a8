import type { KeyspaceState, Redis } from '@chatplatform/redis';
import type { Clock, Timer } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';

/** Between two looks at the canary, ms: shorter than a failover takes to be noticed anywhere else. */
const LOOK_MS = 5_000;

interface Deps {
  readonly redis: Redis;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether nothing of the log was ever consumed: then an empty Redis is complete. */
  isNewLog(): Promise<boolean>;
  /** Redis lost writes; called before anything newer is written. */
  onLost(): void;
}

/** Notices that Redis lost writes, before anything newer is written to it. */
export class StoreWatch {
  readonly #deps: Deps;
  /** Breaks of the connection; starts with the one before the first connection. */
  #breaks = 1;
  /** Up to this break Redis was looked at; nothing may be written before the last one is. */
  #seenBreaks = 0;
  #complete = false;
  #looking: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;
  readonly #stopListening: () => void;

  constructor(deps: Deps) {
    this.#deps = deps;
    // A connection that broke may have ended at another primary.
    this.#stopListening = deps.redis.onState((state) => {
      this.#breaks += 1;
      // At once, not with the next message: what was lost may be missed by somebody while nobody writes.
      if (state === 'up') void this.confirm().catch(() => undefined);
    });
    this.#plan();
  }

  /** Everything since the log began is in Redis. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Resolves when Redis may be written to; rejects with the error of Redis or Kafka while that is unknown. */
  async confirm(): Promise<void> {
    // A break during the look makes its answer stale.
    while (this.#seenBreaks !== this.#breaks) await this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#stopListening();
  }

  #look(): Promise<void> {
    this.#looking ??= this.#judge()
      .catch((error: unknown) => {
        // Half a look is none.
        this.#breaks += 1;
        throw error;
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  async #judge(): Promise<void> {
    const { keyspace } = this.#deps.redis;
    const breaks = this.#breaks;
    for (;;) {
      const { state, complete } = await keyspace.state();
      this.#complete = complete;
      if (state === 'intact') break;
      const isNew = state === 'new' && (await this.#deps.isNewLog());
      if (!isNew && state === 'new' && (await this.#isBegunByAnother())) break;
      if (!isNew) this.#lost(state);
      // A canary that somebody else put there meanwhile stays; the next round reads what it says.
      await keyspace.establish({ complete: isNew });
    }
    this.#seenBreaks = breaks;
  }

  #lost(state: KeyspaceState): void {
    this.#deps.logger.warn(
      { state },
      'Redis lost what was written to it; the last minutes of the log are applied again',
    );
    this.#complete = false;
    this.#deps.onLost();
  }

  /**
   * Two workers of a new platform look at once: the other one has put the canary and committed meanwhile. Only who
   * found an untouched log says that Redis is complete, so nothing was lost before either.
   */
  async #isBegunByAnother(): Promise<boolean> {
    const { state, complete } = await this.#deps.redis.keyspace.state();
    this.#complete = complete;
    return state === 'intact' && complete;
  }

  #plan(): void {
    if (this.#closed) return;
    this.#timer = this.#deps.clock.setTimeout(() => {
      // A failing look is no news here: the pipeline meets the same error and waits.
      void this.#look()
        .catch(() => undefined)
        .finally(() => this.#plan());
    }, LOOK_MS);
  }
}

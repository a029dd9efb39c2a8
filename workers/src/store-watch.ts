import type { Redis } from '@chatplatform/redis';
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
  /** Nothing may be written before the next look succeeded. */
  #suspect = true;
  #complete = false;
  #looking: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;
  readonly #stopListening: () => void;

  constructor(deps: Deps) {
    this.#deps = deps;
    // A connection that broke may have ended at another primary.
    this.#stopListening = deps.redis.onState(() => {
      this.#suspect = true;
    });
    this.#plan();
  }

  /** Everything since the log began is in Redis. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Resolves when Redis may be written to; rejects with the error of Redis or Kafka while that is unknown. */
  confirm(): Promise<void> {
    return this.#suspect ? this.#look() : Promise.resolve();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#stopListening();
  }

  #look(): Promise<void> {
    this.#looking ??= this.#judge().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #judge(): Promise<void> {
    const { redis, logger } = this.#deps;
    // Before the look: a break during it makes the answer stale.
    this.#suspect = false;
    try {
      const { state, complete } = await redis.keyspace.state();
      this.#complete = complete;
      if (state === 'intact') return;
      const isNew = state === 'new' && (await this.#deps.isNewLog());
      if (!isNew) {
        logger.warn(
          { state },
          'Redis lost what was written to it; the last minutes of the log are applied again',
        );
        this.#complete = false;
        this.#deps.onLost();
      }
      await redis.keyspace.establish({ complete: isNew });
      this.#complete = isNew;
    } catch (error) {
      this.#suspect = true;
      throw error;
    }
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

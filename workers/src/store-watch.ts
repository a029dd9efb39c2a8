import { partOf, valuesOf, type Generation, type KeyspaceState, type Redis } from '@chatplatform/redis';
import type { Clock, Timer } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import type { RebuiltStore, Replay } from './pipeline/pipeline.ts';
import type { ValueStore } from './values/value-restorer.ts';

/** Between two looks at the canary, ms: shorter than a failover takes to be noticed anywhere else. */
const LOOK_MS = 5_000;

interface Deps {
  readonly redis: Redis;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the log, so that what was rebuilt from one log says nothing about another. */
  readonly epoch: string;
  /** Whether nothing of the log was ever consumed: then an empty Redis is complete. */
  isNewLog(): Promise<boolean>;
  /** Redis lost writes; called before anything newer is written. */
  onLost(): void;
}

/** Notices that Redis lost writes, before anything newer is written to it. */
export class StoreWatch implements RebuiltStore, ValueStore {
  readonly #deps: Deps;
  /** Breaks of the connection and other doubts; starts with the break before the first connection. */
  #breaks = 1;
  /** Up to this break Redis was looked at; nothing may be written before the last one is. */
  #seenBreaks = 0;
  #complete = false;
  /** Of the keyspace as last seen; `undefined` from the moment a loss is noticed until the canaries are back. */
  #generation: Generation | undefined;
  #looking: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;
  readonly #stopListening: () => void;

  constructor(deps: Deps) {
    this.#deps = deps;
    // A connection that broke may have ended at another primary.
    this.#stopListening = deps.redis.onState((state) => {
      this.doubt();
      // At once, not with the next message: what was lost may be missed by somebody while nobody writes.
      if (state === 'up') void this.confirm().catch(() => undefined);
    });
    this.#plan();
  }

  /**
   * Resolves with the generation of the keyspace when Redis may be written to; rejects with the error of Redis or
   * Kafka while that is unknown.
   */
  async confirm(): Promise<Generation> {
    for (;;) {
      // A break during the look makes its answer stale.
      if (this.#seenBreaks === this.#breaks && this.#generation !== undefined) return this.#generation;
      await this.#look();
    }
  }

  /** The next {@link StoreWatch.confirm} looks anew, before anything else is written. */
  doubt(): void {
    this.#breaks += 1;
  }

  rebuiltIn(topic: string, partition: number): Promise<Generation | undefined> {
    return this.#deps.redis.keyspace.rebuiltIn(this.#part(topic, partition));
  }

  /**
   * What a whole replay in this life of the data has brought back stays; one that nobody brought to its end says nothing
   * about what the next one does not reach.
   */
  async horizon(topic: string, partition: number, { generation, begin }: Replay): Promise<number> {
    if (this.#complete) return 0;
    const { keyspace } = this.#deps.redis;
    const part = this.#part(topic, partition);
    const { life } = generation;
    const [rebuilt, known] = await Promise.all([keyspace.rebuiltIn(part), keyspace.horizon(part)]);
    if (rebuilt?.life === life && known?.life === life) return known.offset;
    await keyspace.setHorizon(part, { life, offset: begin });
    return begin;
  }

  async markRebuilt(topic: string, partition: number, { generation, begin }: Replay): Promise<void> {
    const { keyspace } = this.#deps.redis;
    const part = this.#part(topic, partition);
    // Somebody who held the partition before may have named another one since.
    await keyspace.setHorizon(part, { life: generation.life, offset: begin });
    await keyspace.markRebuilt(part, generation);
  }

  async hasValues(topic: string, partition: number, { life }: Generation): Promise<boolean> {
    if (this.#complete) return true;
    const known = await this.#deps.redis.keyspace.horizon(valuesOf(this.#part(topic, partition)));
    return known?.life === life;
  }

  async markValues(topic: string, partition: number, { generation, begin }: Replay): Promise<void> {
    const part = valuesOf(this.#part(topic, partition));
    await this.#deps.redis.keyspace.setHorizon(part, { life: generation.life, offset: begin });
  }

  async doubtValues(topic: string, partition: number): Promise<void> {
    // Of a life that no data has.
    const nowhere = { life: '', offset: 0 };
    await this.#deps.redis.keyspace.setHorizon(valuesOf(this.#part(topic, partition)), nowhere);
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
        this.doubt();
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
      const state = await this.#see();
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
    return (await this.#see()) === 'intact' && this.#complete;
  }

  async #see(): Promise<KeyspaceState> {
    const { state, complete, generation } = await this.#deps.redis.keyspace.state();
    this.#complete = complete;
    this.#generation = state === 'intact' ? generation : undefined;
    return state;
  }

  #part(topic: string, partition: number): string {
    return partOf(this.#deps.epoch, topic, partition);
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

import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import { CONSUMER_DEFAULTS } from '../consume/defaults.ts';
import type { ConsumeOptions, ConsumerOptions, PartitionConsumer } from '../port/consumer.ts';
import type { KafkaLogger } from '../port/kafka.ts';
import type { Cluster } from './cluster.ts';
import { isFatal, toKafkaError } from './failures.ts';
import { Membership, type ConsumerSettings } from './membership.ts';

/** Pause before a membership that was lost is tried again, ms. */
const RESTART = { base: 100, factor: 2, max: 5_000, jitter: 0.5 } as const;

interface Deps {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: KafkaLogger;
}

/**
 * A group member on @platformatic/kafka's protocol layer: heartbeats go by a timer of their own, a rebalance waits for
 * the batches under way, and a restarted member with the same `instanceId` gets its partitions back without one.
 */
export class PlatformaticConsumer implements PartitionConsumer {
  readonly #settings: ConsumerSettings;
  readonly #deps: Deps;
  readonly #crashListeners: ((error: Error) => void)[] = [];
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #lastActivity: number;

  constructor(options: ConsumerOptions, deps: Deps) {
    this.#settings = { instanceId: null, ...CONSUMER_DEFAULTS, ...options };
    this.#deps = deps;
    this.#lastActivity = deps.clock.monotonic();
  }

  run(options: ConsumeOptions): Promise<void> {
    this.#loop ??= this.#supervise(options);
    return Promise.resolve();
  }

  onCrash(listener: (error: Error) => void): void {
    this.#crashListeners.push(listener);
  }

  lastActivity(): number {
    return this.#lastActivity;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#deps.cluster.close();
  }

  async #supervise(options: ConsumeOptions): Promise<void> {
    const { signal } = this.#stop;
    const alive = (): void => this.#alive();
    const member = new Membership(this.#settings, options, { ...this.#deps, stop: signal, alive });
    const stopRewinds = options.rewinds?.onRequest((rewind) => member.rewind(rewind));
    const error = await this.#liveOn(member, options.groupId);
    stopRewinds?.();
    await member.finish();
    if (error === undefined) return;
    for (const listener of this.#crashListeners) listener(toKafkaError(error, 'consuming'));
  }

  /** Joins again whenever a retry may help; returns what ended it for good, `undefined` when told to stop. */
  async #liveOn(member: Membership, groupId: string): Promise<unknown> {
    const { random, logger, clock } = this.#deps;
    const { signal } = this.#stop;
    const pause = backoff(RESTART, random);
    while (!signal.aborted) {
      this.#alive();
      try {
        await member.live(() => pause.reset());
      } catch (error) {
        // What is read under way must still be committed when this member only stops.
        if (signal.aborted) return undefined;
        member.lose();
        if (isFatal(error)) return error;
        logger.warn({ err: error, groupId }, 'the membership of the group ended; joining again');
        await clock.sleep(pause.next(), signal).catch(() => undefined);
      }
    }
    return undefined;
  }

  #alive(): void {
    this.#lastActivity = this.#deps.clock.monotonic();
  }
}

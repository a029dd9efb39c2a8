import type { KafkaAdmin, Rewinds } from '@chatplatform/kafka';
import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';

/** Waits between attempts while Kafka does not say where its partitions stand, ms. */
const RETRY = { base: 50, factor: 2, max: 2_000, jitter: 0.5 } as const;

interface Deps {
  readonly groupId: string;
  readonly admin: Pick<KafkaAdmin, 'groupLag'>;
  readonly rewinds: Rewinds;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** Partitions of a topic that are to be woken; asked again right before each is. */
export type Sleepers = (partition: number) => boolean;

/**
 * Has partitions deliver a batch although nothing new is written to them: their last committed record again.
 * Tries until it succeeded or nothing is left to wake.
 */
export class Waker {
  readonly #deps: Deps;
  /** Topics to wake in the next round. */
  readonly #wanted = new Map<string, Sleepers>();
  #running = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Returns at once. A partition without a committed record is left alone: there is nothing to repeat. */
  wake(topic: string, sleepers: Sleepers): void {
    this.#wanted.set(topic, sleepers);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    const { clock, random, logger, signal } = this.#deps;
    const wait = backoff(RETRY, random);
    this.#running = true;
    for (const [topic, sleepers] of this.#wanted) {
      this.#wanted.delete(topic);
      while (!signal.aborted) {
        try {
          await this.#wakeAll(topic, sleepers);
          break;
        } catch (error) {
          logger.warn({ err: error, topic }, 'Kafka does not say where the partitions stand; asking again');
          await clock.sleep(wait.next(), signal).catch(() => undefined);
        }
      }
    }
    this.#running = false;
  }

  async #wakeAll(topic: string, sleepers: Sleepers): Promise<void> {
    const { admin, groupId, rewinds } = this.#deps;
    for (const { partition, begin, committed } of await admin.groupLag(groupId, topic)) {
      // What was committed last may have left the log by age.
      if (committed > begin && sleepers(partition))
        rewinds.request({ topic, partition, offset: committed - 1 });
    }
  }
}

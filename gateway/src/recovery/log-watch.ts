import { currentEpoch, type KafkaAdmin, type RangeReader } from '@chatplatform/kafka';
import { parsePosition } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import { logOf, type Log } from '../publish/log.ts';

/** What watching the log needs. */
export interface LogWatchOptions {
  admin: Pick<KafkaAdmin, 'ensureEpoch' | 'partitionCount'>;
  reader: RangeReader;
  topics: { messages: string; control: string };
  clock: Clock;
  /** The log this gateway works with. */
  log: () => Log | undefined;
  /** Ids that are known to have been in the log, such as the newest one of each local room. */
  known: () => Iterable<string>;
  /** Another log has taken its place. */
  onReplaced: (log: Log) => void;
  onError: (error: unknown) => void;
}

/** Between two looks, ms: one small read of the control topic, and the ends of partitions with local rooms. */
export const LOG_LOOK_MS = 30_000;
/** A log that is too short is looked at so often before it counts as lost: a new leader may need a moment. */
const LOOKS = 3;
/** Between these looks, ms. */
const LOOK_AGAIN_MS = 5_000;

/**
 * Notices that the log was replaced: the control topic names another epoch, or the log ends before messages that were
 * in it. In the latter case it says so, once for all, and from then on everybody finds the new epoch.
 */
export class LogWatch {
  readonly #options: LogWatchOptions;
  #looking: Promise<void> | undefined;

  constructor(options: LogWatchOptions) {
    this.#options = options;
  }

  /** One look; shared by those who ask while it lasts. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch(this.#options.onError)
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { admin, reader, topics, log: current, onReplaced } = this.#options;
    const log = current();
    if (log === undefined) return;
    const named = await currentEpoch(reader, topics.control);
    const isShort = named === log.epoch && (await this.#staysShort(log));
    const epoch = isShort ? await admin.ensureEpoch(topics.control, log.epoch) : (named ?? log.epoch);
    if (epoch === log.epoch || current() !== log) return;
    onReplaced(logOf(epoch, await admin.partitionCount(topics.messages)));
  }

  async #staysShort(log: Log): Promise<boolean> {
    for (let looks = 1; await this.#isShort(log); looks += 1) {
      if (looks === LOOKS) return true;
      await this.#options.clock.sleep(LOOK_AGAIN_MS);
    }
    return false;
  }

  async #isShort(log: Log): Promise<boolean> {
    const { reader, topics } = this.#options;
    for (const [partition, offset] of this.#newest(log)) {
      const { end } = await reader.bounds(topics.messages, partition);
      if (end <= offset) return true;
    }
    return false;
  }

  /** The highest known offset of each partition. */
  #newest(log: Log): Map<number, number> {
    const newest = new Map<number, number>();
    for (const id of this.#options.known()) {
      const parts = parsePosition(id);
      if (parts === undefined || parts.epoch !== log.epoch) continue;
      newest.set(parts.partition, Math.max(parts.offset, newest.get(parts.partition) ?? 0));
    }
    return newest;
  }
}

import type { KafkaAdmin, RecordProducer } from '@chatplatform/kafka';
import { encodeEvent, partitionOf, type PlatformEvent } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';

/** What telling events needs. */
export interface EventLogOptions {
  topic: string;
  admin: Pick<KafkaAdmin, 'partitionCount'>;
  producer: Pick<RecordProducer, 'append'>;
  clock: Clock;
  onLost: (error: unknown) => void;
}

/** Wait before the topic is looked for again: without it, a producer would hold up the messages for its sake. */
const LOOK_AGAIN_MS = 30_000;

/** Tells other services through `<p>.events` what only a gateway knows. What Kafka does not take is lost and counted. */
export class EventLog {
  readonly #options: EventLogOptions;
  #partitions: Promise<number> | undefined;
  #lookAgainAt = Number.NEGATIVE_INFINITY;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  /** Nothing waits for it: an event must not hold up what it tells about. */
  tell(event: PlatformEvent): void {
    this.#append(event).catch(this.#options.onLost);
  }

  async #append(event: PlatformEvent): Promise<void> {
    const { topic, producer } = this.#options;
    const partitions = await this.#count();
    const { key, value } = encodeEvent(event);
    await producer.append({ topic, partition: partitionOf(key, partitions), key, value });
  }

  #count(): Promise<number> {
    const { admin, clock, topic } = this.#options;
    const known = this.#partitions;
    if (known !== undefined) return known;
    if (clock.monotonic() < this.#lookAgainAt) return Promise.reject(new Error(`${topic} was not found`));
    const count = admin.partitionCount(topic);
    this.#partitions = count;
    count.catch(() => {
      this.#partitions = undefined;
      this.#lookAgainAt = clock.monotonic() + LOOK_AGAIN_MS;
    });
    return count;
  }
}

import {
  BEGINNING,
  decodeRecord,
  formatPosition,
  messageFrame,
  RecordError,
  UNKNOWN_PREVIOUS,
} from '@chatplatform/protocol';
import type { InRecord, Kafka, PartitionConsumer } from '@chatplatform/kafka';
import {
  encodeInboxLine,
  renderFrame,
  type History,
  type InboxPublisher,
  type Redis,
} from '@chatplatform/redis';

/** The least that makes messages out of records, for tests of the gateway: append, number, push. Not the product's worker. */
export class TwinWorker {
  readonly #consumer: PartitionConsumer;
  readonly #publisher: InboxPublisher;
  readonly #history: History;
  readonly #epoch: string;
  /** Lines for gateways that vanish, as a pub/sub may lose them: asked per pushed line. */
  loses: (id: string) => boolean = () => false;

  constructor(parts: { kafka: Kafka; redis: Redis; epoch: string; name: string }) {
    this.#consumer = parts.kafka.consumer();
    this.#publisher = parts.redis.inbox.publisher({ incarnation: parts.name });
    this.#history = parts.redis.history(parts.epoch);
    this.#epoch = parts.epoch;
  }

  async run(topic: string, groupId: string): Promise<void> {
    await this.#consumer.run({
      topics: [topic],
      groupId,
      eachBatch: async (batch) => {
        for (const record of batch.records) await this.#apply(record);
        return { commit: (batch.records.at(-1)?.offset ?? 0) + 1 };
      },
    });
  }

  async stop(): Promise<void> {
    await this.#consumer.stop();
    await this.#publisher.signOff();
  }

  async #apply(record: InRecord): Promise<void> {
    const decoded = decodeRecord(record);
    if (decoded instanceof RecordError) throw decoded;
    const id = formatPosition(this.#epoch, record.partition, record.offset);
    const frame = messageFrame({
      room: decoded.room,
      id,
      p: UNKNOWN_PREVIOUS,
      user: decoded.user,
      cid: decoded.cid.text,
      ts: record.timestamp,
      data: decoded.json,
    });
    const { inst, n } = { inst: decoded.sender, n: decoded.cid.n };
    const message = { id, offset: record.offset, inst, n, ts: record.timestamp, frame };
    const result = await this.#history.append({
      room: decoded.room,
      messages: [message],
      firstPrevious: BEGINNING,
    });
    if (result.behind) throw new Error('the twin worker does not seek back');
    const verdict = result.verdicts[0];
    if (verdict?.verdict !== 'appended' || this.loses(id)) return;
    const item = {
      class: 'm',
      room: decoded.room,
      id,
      p: verdict.p,
      frame: renderFrame(frame, verdict.p),
    } as const;
    for (const gateway of result.routes) await this.#publisher.publish(gateway, [encodeInboxLine(item)]);
  }
}

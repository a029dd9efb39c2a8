import {
  BEGINNING,
  decodeRecord,
  formatPosition,
  messageFrame,
  RecordError,
  UNKNOWN_PREVIOUS,
  valueFrame,
  type DecodedRecord,
} from '@chatplatform/protocol';
import type { InRecord, Kafka, PartitionConsumer } from '@chatplatform/kafka';
import {
  encodeInboxLine,
  renderFrame,
  type History,
  type AppendResult,
  type InboxPublisher,
  type Latest,
  type Redis,
} from '@chatplatform/redis';

/** Rooms that keep the newest value of each key; a gateway under test has to be told the same. */
const LATEST_ROOMS = 'board:';

/** The least that makes messages out of records, for tests of the gateway: append, number, push. Not the product's worker. */
export class TwinWorker {
  readonly #consumer: PartitionConsumer;
  readonly #publisher: InboxPublisher;
  readonly #history: History;
  readonly #latest: Latest;
  readonly #epoch: string;
  /** Lines for gateways that vanish, as a pub/sub may lose them: asked per pushed line. */
  loses: (id: string) => boolean = () => false;

  constructor(parts: { kafka: Kafka; redis: Redis; epoch: string; name: string }) {
    this.#consumer = parts.kafka.consumer();
    this.#publisher = parts.redis.inbox.publisher({ incarnation: parts.name });
    this.#history = parts.redis.history(parts.epoch);
    this.#latest = parts.redis.latest(parts.epoch);
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
    const { room } = decoded;
    const id = formatPosition(this.#epoch, record.partition, record.offset);
    const isLatest = room.startsWith(LATEST_ROOMS);
    const { frame, result } = await (isLatest
      ? this.#setValue(decoded, record, id)
      : this.#addMessage(decoded, record, id));
    if (result.behind) throw new Error('the twin worker does not seek back');
    const verdict = result.verdicts[0];
    if (verdict?.verdict !== 'appended' || this.loses(id)) return;
    const { p } = verdict;
    const item = isLatest
      ? ({ class: 'v', room, id, p, frame } as const)
      : ({ class: 'm', room, id, p, frame: renderFrame(frame, p) } as const);
    for (const gateway of result.routes) await this.#publisher.publish(gateway, [encodeInboxLine(item)]);
  }

  async #addMessage(decoded: DecodedRecord, record: InRecord, id: string): Promise<Applied> {
    const { room, user, cid, sender: inst, json: data } = decoded;
    const ts = record.timestamp;
    const frame = messageFrame({ room, id, p: UNKNOWN_PREVIOUS, user, cid: cid.text, ts, data });
    const message = { id, offset: record.offset, inst, n: cid.n, ts, frame };
    return {
      frame,
      result: await this.#history.append({ room, messages: [message], firstPrevious: BEGINNING }),
    };
  }

  async #setValue(decoded: DecodedRecord, record: InRecord, id: string): Promise<Applied> {
    const { room, k = '', cid, sender: inst, json: data } = decoded;
    const ts = record.timestamp;
    const frame = valueFrame({ room, k, id, ts, data });
    const deleted = decoded.data === null;
    const message = { id, offset: record.offset, inst, n: cid.n, ts, k, frame, deleted };
    return {
      frame,
      result: await this.#latest.append({ room, messages: [message], firstPrevious: BEGINNING }),
    };
  }
}

interface Applied {
  frame: string;
  result: AppendResult;
}

import {
  memoryKafka,
  type InRecord,
  type MemoryKafka,
  type OutRecord,
  type RecordProducer,
} from '@chatplatform/kafka';
import { names, WorkerConfig } from '@chatplatform/platform';
import { decodeEvent, encodeRecord, partitionOf, type PlatformEvent } from '@chatplatform/protocol';
import { memoryRedis, type InboxItem, type MemoryRedis, type Redis } from '@chatplatform/redis';
import { systemClock, type Clock } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { startWorker, type RunningWorker, type WorkerDeps } from '../worker.ts';

/** What a test publishes. */
export interface Publish {
  readonly room: string;
  /** Short name of the client instance; made long enough here. */
  readonly inst: string;
  readonly n: number;
  readonly data?: unknown;
  readonly k?: string;
  readonly notify?: readonly string[];
}

const PLATFORM = { namespace: 'test', name: 'chat' };
export const NAMES = names(PLATFORM.namespace, PLATFORM.name);
export const PARTITIONS = 2;
export const GATEWAY = 'gw-1';

/** A platform in this process: the twins of Kafka and Redis, one listening gateway, and workers as wished. */
export class World {
  readonly kafka: MemoryKafka;
  readonly store: MemoryRedis;
  readonly redis: Redis;
  /** Everything the gateway was sent. */
  readonly mail: InboxItem[] = [];
  readonly config = WorkerConfig.parse({
    platform: PLATFORM,
    admin: { host: '127.0.0.1', port: 0 },
    kafka: { bootstrapServers: ['unused:1'] },
    redis: { endpoints: ['unused:1'] },
    rooms: [{ prefix: 'board', kind: 'latest' }],
  });
  epoch = '';
  readonly #producer: RecordProducer;
  readonly #closing: (() => Promise<void>)[] = [];

  constructor(clock: Clock = systemClock) {
    this.kafka = memoryKafka({ clock });
    this.store = memoryRedis({ clock });
    this.redis = this.store.open();
    this.#producer = this.kafka.producer();
    this.onClose(() => this.kafka.close());
  }

  async open(rooms: readonly string[] = []): Promise<this> {
    const { messages, events, deadLetters, control } = NAMES.topics;
    const topics = [messages, events, deadLetters, control].map((name) => ({
      name,
      partitions: name === messages ? PARTITIONS : 1,
      replicationFactor: 1,
    }));
    await this.kafka.admin().ensureTopics(topics);
    this.epoch = await this.kafka.admin().ensureEpoch(control);
    const inbox = await this.redis.inbox.subscribe(GATEWAY, {
      onItems: (items) => void this.mail.push(...items),
      onGap: () => {},
    });
    this.onClose(() => inbox.close());
    await this.redis.routes.add(rooms, GATEWAY);
    return this;
  }

  /** Has `fn` called by {@link World.close}. */
  onClose(fn: () => Promise<void>): void {
    this.#closing.push(fn);
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.splice(0).map((fn) => fn()));
  }

  worker(deps: Partial<WorkerDeps> = {}, change: Partial<WorkerConfig> = {}): Promise<RunningWorker> {
    return startWorker(
      { ...this.config, ...change },
      {
        kafka: this.kafka.client(),
        redis: this.store.open(),
        logger: silentLogger,
        processMetrics: false,
        utilization: () => 0,
        ...deps,
      },
    );
  }

  async publish(...messages: readonly Publish[]): Promise<void> {
    await this.#producer.appendAll(messages.map((message) => recordOf(message)));
  }

  async append(record: OutRecord): Promise<void> {
    await this.#producer.append(record);
  }

  /** Until the group has committed everything in the log. */
  async drained(patienceMs = 5_000): Promise<void> {
    const end = Date.now() + patienceMs;
    for (;;) {
      const lag = await this.kafka.admin().groupLag(NAMES.groups.chat, NAMES.topics.messages);
      if (lag.every((partition) => partition.lag === 0)) return;
      if (Date.now() > end) throw new Error(`not drained after ${patienceMs} ms: ${JSON.stringify(lag)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Until the history of every room is what was published. */
  async eventually(
    messages: readonly Publish[],
    rooms: readonly string[],
    patienceMs = 5_000,
  ): Promise<void> {
    const wanted = rooms.map((room) => expected(messages, room));
    const end = Date.now() + patienceMs;
    for (;;) {
      const found = await Promise.all(rooms.map((room) => this.history(room)));
      if (JSON.stringify(found) === JSON.stringify(wanted)) return;
      if (Date.now() > end) throw new Error(`not made good after ${patienceMs} ms: ${JSON.stringify(found)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** `<inst>.<n>` of a room's history, in order; fails when the chain of `p` is broken. */
  async history(room: string): Promise<string[]> {
    const { entries } = await this.redis.history(this.epoch).newest(room, 1000);
    entries.forEach(({ p }, index) => {
      const before = entries[index - 1];
      if (before !== undefined && p !== before.id)
        throw new Error(`${room}: p ${p} does not name ${before.id}`);
    });
    return entries.map(({ frame }) => cidOf(frame));
  }

  /** What a member of the room sees who applies the gap rule's "drop what is not newer". */
  delivered(room: string): string[] {
    let last = '';
    const seen: string[] = [];
    for (const item of this.mail) {
      if (item.room !== room || item.class !== 'm' || (item.id ?? '') <= last) continue;
      last = item.id ?? '';
      seen.push(cidOf(item.frame));
    }
    return seen;
  }

  events(): PlatformEvent[] {
    return this.kafka
      .records(NAMES.topics.events)
      .map((record) => decodeEvent(String(record.value)) as PlatformEvent);
  }

  deadLetters(): InRecord[] {
    return this.kafka.records(NAMES.topics.deadLetters);
  }
}

/** The record a gateway would produce. */
export function recordOf({ room, inst, n, data = n, k, notify }: Publish): OutRecord {
  const { key, value, headers } = encodeRecord({
    room,
    cid: `${longInst(inst)}.${n}`,
    user: inst,
    gateway: GATEWAY,
    sid: `s-${inst}`,
    data,
    k,
    notify,
  });
  return { topic: NAMES.topics.messages, partition: partitionOf(room, PARTITIONS), key, value, headers };
}

/** What the log says a room's members must see: its messages in order, later copies of a `cid` left out. */
export function expected(messages: readonly Publish[], room: string): string[] {
  const last = new Map<string, number>();
  const seen: string[] = [];
  for (const message of messages) {
    if (message.room !== room || message.n <= (last.get(message.inst) ?? 0)) continue;
    last.set(message.inst, message.n);
    seen.push(`${message.inst}.${message.n}`);
  }
  return seen;
}

/** A room of each partition. */
export function roomsOfPartition(partition: number, count: number): string[] {
  const rooms: string[] = [];
  for (let n = 0; rooms.length < count; n += 1) {
    if (partitionOf(`team:${n}`, PARTITIONS) === partition) rooms.push(`team:${n}`);
  }
  return rooms;
}

const FILLER = 'x'.repeat(16);

function longInst(inst: string): string {
  return `${inst}_${FILLER}`.slice(0, Math.max(16, inst.length + 1));
}

function cidOf(frame: string): string {
  const { m } = JSON.parse(frame) as { m: { cid: string } };
  const [inst = '', n = ''] = m.cid.split('.');
  return `${inst.replace(/_x*$/, '')}.${n}`;
}

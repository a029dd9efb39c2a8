import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { InRecord, Kafka } from '@chatplatform/kafka';
import { names } from '@chatplatform/platform';
import { decodeRecord, encodeRecord, partitionOf, RecordError } from '@chatplatform/protocol';
import type { InboxItem, Redis } from '@chatplatform/redis';
import { seededRandom, until } from '@chatplatform/runtime';
import { startStores, type RealStores } from './integration/stores.ts';

const PLATFORM = { namespace: 'it', name: 'worker' };
const { topics, groups } = names(PLATFORM.namespace, PLATFORM.name);
const PARTITIONS = 6;
const ROOMS = Array.from({ length: 20 }, (_, n) => `team:${n}`);
const GATEWAY = 'gw-it';
const MESSAGES = 10_000;

jest.setTimeout(120_000);

let stores: RealStores;
let kafka: Kafka;
let redis: Redis;
let epoch: string;
let inbox: { close(): Promise<void> };
let folder: string;
const mail: InboxItem[] = [];
const workers = new Set<ChildProcess>();

beforeAll(async () => {
  [stores, folder] = await Promise.all([
    startStores({ ...PLATFORM, partitions: PARTITIONS, eventPartitions: 3 }),
    mkdtemp(join(tmpdir(), 'worker-it-')),
  ]);
  ({ kafka, redis, epoch } = stores);
  inbox = await redis.inbox.subscribe(GATEWAY, {
    onItems: (items) => void mail.push(...items),
    onGap: () => {},
  });
  await redis.routes.add(ROOMS, GATEWAY);
  await writeFile(join(folder, 'config.json'), JSON.stringify(stores.config));
});

afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await inbox.close();
  await Promise.all([stores.stop(), rm(folder, { recursive: true })]);
});

/** A worker as a process of its own. */
function spawnWorker(): ChildProcess {
  const program = `import('@chatplatform/workers').then(({ main }) => main(['--config', '${join(folder, 'config.json')}']))`;
  const worker = spawn(
    process.execPath,
    ['--conditions=@chatplatform/source', '--input-type=module', '-e', program],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: join(import.meta.dirname, '..'),
    },
  );
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
  return worker;
}

/** Publishes like clients that now and then see no ack and send their last few again, in order. */
async function publishAll(): Promise<void> {
  const random = seededRandom(42);
  const producer = kafka.producer();
  const last = new Map<string, number>();
  let sent: Promise<unknown>[] = [];
  const send = (room: string, inst: string, n: number): void => {
    const { key, value, headers } = encodeRecord({
      room,
      cid: `${inst}.${n}`,
      user: inst,
      gateway: GATEWAY,
      sid: 's1',
      data: { n },
    });
    sent.push(
      producer.append({
        topic: topics.messages,
        partition: partitionOf(room, PARTITIONS),
        key,
        value,
        headers,
      }),
    );
  };
  for (let at = 0; at < MESSAGES; at += 1) {
    const room = ROOMS[Math.floor(random.next() * ROOMS.length)] ?? '';
    const inst = `instance-${Math.floor(random.next() * 3)}-xxxxxx`;
    const n = (last.get(room + inst) ?? 0) + 1;
    last.set(room + inst, n);
    send(room, inst, n);
    if (random.next() < 0.02)
      for (let again = Math.max(1, n - 3); again <= n; again += 1) send(room, inst, again);
    if (at % 250 === 249) {
      await Promise.all(sent);
      sent = [];
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }
  await Promise.all(sent);
  await producer.close();
}

async function lag(): Promise<number> {
  const partitions = await kafka.admin().groupLag(groups.chat, topics.messages);
  return partitions.reduce((sum, partition) => sum + partition.lag, 0);
}

/** All of a topic, partition by partition in order. */
async function readAll(topic: string): Promise<InRecord[]> {
  const records: InRecord[] = [];
  const ends = await kafka.admin().groupLag('none', topic);
  const total = ends.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const consumer = kafka.consumer();
  await consumer.run({
    topics: [topic],
    groupId: `${topic}-judge`,
    eachBatch: (batch) => {
      records.push(...batch.records);
      return Promise.resolve({ commit: (batch.records.at(-1)?.offset ?? 0) + 1 });
    },
  });
  await until(() => records.length >= total);
  await consumer.stop();
  return records;
}

/** By room, what the log says: first copies in order. */
function truth(records: readonly InRecord[]): Map<string, string[]> {
  const last = new Map<string, number>();
  const rooms = new Map<string, string[]>(ROOMS.map((room) => [room, []]));
  for (const record of records) {
    const message = decodeRecord(record);
    if (message instanceof RecordError) continue;
    const { room, sender, cid } = message;
    if (cid.n <= (last.get(room + sender) ?? 0)) continue;
    last.set(room + sender, cid.n);
    rooms.get(room)?.push(cid.text);
  }
  return rooms;
}

function cidOf(frame: string): string {
  return (JSON.parse(frame) as { m: { cid: string } }).m.cid;
}

function delivered(room: string): string[] {
  let last = '';
  const seen: string[] = [];
  for (const item of mail) {
    if (item.room !== room || item.class !== 'm' || (item.id ?? '') <= last) continue;
    last = item.id ?? '';
    seen.push(cidOf(item.frame));
  }
  return seen;
}

test('10 000 messages with resends through worker processes of which one is killed: exact', async () => {
  spawnWorker();
  const victim = spawnWorker();
  await until(async () => (await lag()) === 0);
  const publishing = publishAll();
  await until(() => mail.length > MESSAGES / 5);
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  spawnWorker();
  await publishing;
  await until(async () => (await lag()) === 0);
  const rooms = truth(await readAll(topics.messages));
  expect([...rooms.values()].reduce((sum, room) => sum + room.length, 0)).toBe(MESSAGES);
  for (const [room, cids] of rooms) {
    const { entries, lost } = await redis.history(epoch).newest(room, 1000);
    expect(entries.map((entry) => cidOf(entry.frame))).toEqual(cids);
    expect(lost).toBe(false);
    expect(delivered(room)).toEqual(cids);
  }
  const events = await readAll(topics.events);
  expect(new Set(events.map((event) => (JSON.parse(String(event.value)) as { id: string }).id)).size).toBe(
    MESSAGES,
  );
  expect((await kafka.admin().groupLag('none', topics.deadLetters))[0]?.end).toBe(0);
});

test('a worker that is told to stop commits, leaves and exits 0', async () => {
  const [worker = spawnWorker()] = workers;
  const exited = once(worker, 'exit');
  worker.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

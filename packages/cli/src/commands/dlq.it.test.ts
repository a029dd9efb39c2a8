import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { connectKafka, type Kafka } from '@chatplatform/kafka';
import { names } from '@chatplatform/platform';
import { decodeEvent, encodeRecord, partitionOf, type PlatformEvent } from '@chatplatform/protocol';
import { until } from '@chatplatform/runtime';
import { startKafka, startRedis, type KafkaStore, type RedisStore } from '@chatplatform/testkit';
import { chatctl } from '../chatctl.ts';
import type { CommandContext } from '../command.ts';

jest.setTimeout(120_000);

const PLATFORM = { namespace: 'it', name: 'dlq' };
const { topics } = names(PLATFORM.namespace, PLATFORM.name);
const PARTITIONS = 2;
const ROOM = 'team:1';
const HOME = partitionOf(ROOM, PARTITIONS);
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

let kafkaStore: KafkaStore;
let redisStore: RedisStore;
let kafka: Kafka;
let folder: string;
let worker: ChildProcess;

beforeAll(async () => {
  [kafkaStore, redisStore, folder] = await Promise.all([
    startKafka(),
    startRedis(),
    mkdtemp(join(tmpdir(), 'dlq-it-')),
  ]);
  kafka = connectKafka({ bootstrapServers: kafkaStore.bootstrapServers, clientId: 'it' }, { logger: silent });
  await kafka.admin().ensureTopics([
    {
      name: topics.messages,
      partitions: PARTITIONS,
      replicationFactor: 1,
      config: { 'message.timestamp.type': 'LogAppendTime' },
    },
    { name: topics.events, partitions: 1, replicationFactor: 1 },
    { name: topics.deadLetters, partitions: 1, replicationFactor: 1 },
    { name: topics.control, partitions: 1, replicationFactor: 1, config: { 'cleanup.policy': 'compact' } },
  ]);
  await kafka.admin().ensureEpoch(topics.control);
  await writeFile(
    join(folder, 'words.mjs'),
    `export default {
       name: 'words',
       judge: (messages) => messages.map(({ data, record }) => {
         if (data === 'bomb' && record.headers.origin === undefined) throw new Error('cannot judge this');
       }),
     };`,
  );
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({
      platform: PLATFORM,
      admin: { host: '127.0.0.1', port: 0 },
      kafka: { bootstrapServers: kafkaStore.bootstrapServers },
      redis: { endpoints: [`${redisStore.host}:${redisStore.port}`], cluster: false },
      rules: [join(folder, 'words.mjs')],
    }),
  );
  worker = spawnWorker();
});

afterAll(async () => {
  worker.kill('SIGKILL');
  await kafka.close();
  await Promise.all([kafkaStore.stop(), redisStore.stop(), rm(folder, { recursive: true })]);
});

function spawnWorker(): ChildProcess {
  const program = `import('@chatplatform/workers').then(({ main }) => main(['--config', '${join(folder, 'config.json')}']))`;
  return spawn(
    process.execPath,
    ['--conditions=@chatplatform/source', '--input-type=module', '-e', program],
    { stdio: ['ignore', 'ignore', 'inherit'], cwd: import.meta.dirname },
  );
}

async function dlq(...argv: string[]): Promise<{ code: number; out: string[]; notes: string }> {
  const out: string[] = [];
  const notes: string[] = [];
  const context: CommandContext = {
    env: {},
    root: '/',
    cache: '/nonexistent',
    out: (line) => void out.push(line),
    note: (line) => void notes.push(line),
    signal: new AbortController().signal,
  };
  const code = await chatctl(['dlq', ...argv, '--config', join(folder, 'config.json')], context);
  return { code, out, notes: notes.join('\n') };
}

async function publish(n: number, data: unknown, value?: string): Promise<void> {
  const producer = kafka.producer();
  const record = encodeRecord({ room: ROOM, cid: `abcdefghijklmnop.${n}`, user: 'ann', data });
  await producer.append({
    topic: topics.messages,
    partition: HOME,
    ...record,
    ...(value !== undefined && { value }),
  });
  await producer.close();
}

async function events(): Promise<PlatformEvent[]> {
  const reader = kafka.logReader();
  const { begin, end } = await reader.bounds(topics.events, 0);
  if (begin === end) return [];
  const records = await reader.read({
    topic: topics.events,
    partition: 0,
    from: begin,
    to: end,
    maxRecords: 1_000,
  });
  return records.flatMap(({ value }) => decodeEvent(String(value)) ?? []);
}

/** The data of accepted messages, in the order in which they were accepted. */
async function accepted(): Promise<unknown[]> {
  return (await events()).flatMap((event) => (event.type === 'message.accepted' ? [event.data] : []));
}

test('bad records block nobody; they are listed, shown, replayed once and dropped', async () => {
  await publish(1, 'first');
  await publish(2, 'broken', '{"no":"data"}');
  await publish(3, 'bomb');
  await publish(4, 'last');
  await until(async () => (await accepted()).length === 2);
  expect(await accepted()).toEqual(['first', 'last']);
  await until(async () => (await dlq('list')).out.length === 2);
  const listed = (await dlq('list', '--json')).out.map(
    (line) => JSON.parse(line) as { id: string; cause: string; attempts: number },
  );
  expect(listed.map(({ cause, attempts }) => [cause, attempts])).toEqual([
    ['value', 1],
    ['rule:words', 3],
  ]);
  const [broken, bomb] = listed.map(({ id }) => id) as [string, string];
  const shown = JSON.parse((await dlq('show', bomb)).out.join('\n')) as Record<string, unknown>;
  expect(shown).toMatchObject({
    key: ROOM,
    message: 'cannot judge this',
    value: { d: 'bomb' },
    origin: { topic: topics.messages, partition: HOME, offset: 2 },
  });
  expect(await dlq('replay', bomb)).toMatchObject({ code: 2, notes: expect.stringContaining('add --yes') });
  expect(await dlq('replay', bomb, '--yes')).toMatchObject({ code: 0, out: [`${bomb} replayed`] });
  // Its sender has sent later messages since: it is delivered all the same.
  await until(async () => (await accepted()).length === 3);
  expect(await accepted()).toEqual(['first', 'last', 'bomb']);
  expect(await dlq('drop', '--all', '--cause', 'value', '--yes')).toMatchObject({
    code: 0,
    out: [`${broken} dropped`],
  });
  expect((await dlq('list')).out).toEqual([]);
  expect((await dlq('list', '--all')).out).toHaveLength(2);
  expect(await dlq('replay', bomb, '--yes')).toMatchObject({
    code: 1,
    notes: expect.stringContaining('was replayed already'),
  });
});

test('a replay that was not marked is repeated and delivered once', async () => {
  const reader = kafka.logReader();
  const { end } = await reader.bounds(topics.messages, HOME);
  const [copy] = await reader.read({
    topic: topics.messages,
    partition: HOME,
    from: end - 1,
    to: end,
    maxRecords: 1,
  });
  if (copy?.headers['origin'] === undefined) throw new Error('the last record is no replay');
  const producer = kafka.producer();
  await producer.append({ ...copy, topic: topics.messages });
  await producer.close();
  await publish(5, 'after');
  await until(async () => (await accepted()).includes('after'));
  expect(await accepted()).toEqual(['first', 'last', 'bomb', 'after']);
});

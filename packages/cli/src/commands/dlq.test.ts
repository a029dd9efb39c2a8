import { randomBytes } from 'node:crypto';
import { memoryKafka, signer, verifier, type InRecord } from '@chatplatform/kafka';
import { names } from '@chatplatform/platform';
import { deadLetterHeaders, decodeRecord, encodeRecord, partitionOf } from '@chatplatform/protocol';
import { ManualClock } from '@chatplatform/runtime';
import type { CommandContext } from '../command.ts';
import { chatctl } from '../chatctl.ts';
import { DeadLetterBox, type Letter } from './dlq-box.ts';

const { topics } = names('chat', 'demo');
const PARTITIONS = 4;
const k1 = randomBytes(32).toString('base64');
const keys = { active: 'k1', keys: { k1 } };
const { signal } = new AbortController();

const message = encodeRecord({ room: 'team:1', cid: 'abcdefghijklmnop.7', user: 'ann', data: 1 });

/** Dead letters of the message in its own partition, one per cause. */
async function setUp(causes: readonly string[], o: { signed?: boolean; keys?: boolean } = {}) {
  const kafka = memoryKafka();
  await kafka.admin().ensureTopics([
    { name: topics.messages, partitions: PARTITIONS, replicationFactor: 1 },
    { name: topics.deadLetters, partitions: 1, replicationFactor: 1 },
  ]);
  const record = o.signed === true ? signer(() => keys)(message) : message;
  const producer = kafka.producer();
  for (const [offset, cause] of causes.entries()) {
    const origin = { topic: topics.messages, partition: 0, offset };
    await producer.append({
      topic: topics.deadLetters,
      partition: 0,
      key: record.key,
      value: cause === 'size' ? null : record.value,
      headers: deadLetterHeaders(record.headers, {
        cause,
        message: 'why',
        attempts: 1,
        at: 1,
        origin,
        ...(cause === 'size' && { omittedBytes: 300_000 }),
      }),
    });
  }
  const sign = o.keys === true ? signer(() => keys) : undefined;
  const box = new DeadLetterBox({ kafka, topics, clock: new ManualClock(5), sign });
  const letter = async (id: string): Promise<Letter> => {
    const found = (await box.letters(signal)).find((each) => each.id === id);
    if (found === undefined) throw new Error(`no letter ${id}`);
    return found;
  };
  const again = (): InRecord[] => kafka.records(topics.messages);
  return { box, letter, again };
}

test('letters are read with what they say; what became of one is a mark behind it', async () => {
  const { box, letter } = await setUp(['value', 'partition']);
  expect((await box.letters(signal)).map(({ id, cause, mark }) => [id, cause, mark])).toEqual([
    ['0-0', 'value', undefined],
    ['0-1', 'partition', undefined],
  ]);
  await box.drop(await letter('0-1'));
  expect((await box.letters(signal)).map(({ mark }) => mark?.outcome)).toEqual([undefined, 'dropped']);
});

test('a replay writes the record again as it was, to where it belongs, and names its origin', async () => {
  const { box, letter, again } = await setUp(['value', 'rule:words']);
  await box.replay(await letter('0-1'));
  const [record] = again();
  expect(record).toMatchObject({ key: message.key, partition: partitionOf('team:1', PARTITIONS) });
  expect(String(record?.value)).toBe(message.value);
  expect(record?.headers).toEqual({ ...message.headers, origin: '0-1' });
  expect(decodeRecord(record as InRecord)).toMatchObject({ sender: 'ann/abcdefghijklmnop/0-1' });
  expect((await letter('0-1')).mark?.outcome).toBe('replayed');
  expect((await letter('0-0')).mark).toBeUndefined();
});

test('a letter without its value is not replayed', async () => {
  const { box, letter, again } = await setUp(['size']);
  await expect(box.replay(await letter('0-0'))).rejects.toThrow('0-0 holds no value: its 300000 bytes');
  expect(again()).toEqual([]);
});

test('a signed record is signed again, and not replayed without the keys', async () => {
  const without = await setUp(['signature'], { signed: true });
  await expect(without.box.replay(await without.letter('0-0'))).rejects.toMatchObject({
    remedy: expect.stringContaining('--signing-keys'),
  });
  expect((await without.letter('0-0')).mark).toBeUndefined();
  const { box, letter, again } = await setUp(['signature'], { signed: true, keys: true });
  await box.replay(await letter('0-0'));
  const [record] = again();
  expect(verifier(() => keys)(record as InRecord)).toBe('good');
});

test.each([
  [['dlq'], 'dlq takes list|show|replay|drop [ID...] as arguments'],
  [['dlq', 'eat'], 'choose one of list, show, replay, drop'],
  [['dlq', 'list', '--brokers', 'a:1'], 'add --platform NAMESPACE.NAME'],
  [['dlq', 'list', '--brokers', 'a:1', '--platform', 'demo'], '--platform is "demo"'],
  [['dlq', 'list', '--config', '/none'], 'give the configuration file of a worker'],
  [['dlq', 'list'], 'no platform was brought up'],
])('%j is refused with what to do', async (argv, expected) => {
  const notes: string[] = [];
  const context: CommandContext = {
    env: {},
    root: '/',
    cache: '/nonexistent',
    out: () => undefined,
    note: (line) => void notes.push(line),
    signal,
  };
  expect(await chatctl(argv, context)).not.toBe(0);
  expect(notes.join('\n')).toContain(expected);
});

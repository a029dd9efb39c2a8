import type { InRecord } from '@chatplatform/kafka';
import { roomOptions } from '@chatplatform/platform';
import { namespaceOf } from '@chatplatform/protocol';
import { WorkerConfig } from '@chatplatform/platform';
import type { Rule } from '../chat/rules.ts';
import { recordOf, PARTITIONS, type Publish } from '../test/world.ts';
import { PastValues } from './past-values.ts';

const { rooms } = WorkerConfig.parse({
  platform: { namespace: 'test', name: 'chat' },
  kafka: { bootstrapServers: ['unused:1'] },
  redis: { endpoints: ['unused:1'] },
  rooms: [{ prefix: 'board', kind: 'latest' }],
});
const MINUTE_MS = 60_000;
const NOON = 1_760_000_000_000;

/** The log of one partition, at one record a minute. */
function logOf(messages: readonly (Partial<Publish> & { re?: number })[], begin = 0): InRecord[] {
  return messages.map(({ re, ...message }, at) => {
    const record = recordOf({ room: 'board:1', inst: 'a', n: at + 1, k: 'key', ...message });
    const headers = re === undefined ? record.headers : { ...record.headers, re: Buffer.from(String(re)) };
    return {
      topic: 't',
      partition: record.partition ?? 0,
      offset: begin + at,
      timestamp: NOON + at * MINUTE_MS,
      key: record.key,
      value: record.value,
      headers: headers ?? {},
    } as InRecord;
  });
}

function pastOf(begin = 0, rules: readonly Rule[] = []): PastValues {
  const optionsOf = (room: string) => roomOptions(rooms, namespaceOf(room));
  return new PastValues({ context: { epoch: 'epoch1', partitions: PARTITIONS, optionsOf }, rules }, begin);
}

async function found(past: PastValues, records: readonly InRecord[]): Promise<string[]> {
  return (await past.of(records)).map(({ k, offset, data }) => `${k}@${offset}=${JSON.stringify(data)}`);
}

test('of each page the newest message of each key, deletions too; other rooms and what is no message count for nothing', async () => {
  const log = logOf([{ k: 'one' }, { k: 'two' }, { k: 'one', data: null }, { k: 'three' }]);
  const noise = logOf([{ room: 'team:1' }, { room: 'board:1' }]).map((record) => ({
    ...record,
    value: record.key === 'board:1' ? Buffer.from('no JSON') : record.value,
  }));
  const past = pastOf();
  expect(await found(past, [...log.slice(0, 3), ...noise])).toEqual(['two@1=2', 'one@2=null']);
  expect(await found(past, log.slice(3))).toEqual(['three@3=4']);
  expect(past.begin).toBe(0);
});

test('a copy does not take the place of what was set after the first, also on a later page', async () => {
  const log = logOf([{ n: 1 }, { n: 2 }, { n: 1 }, { n: 3, k: 'other' }]);
  const past = pastOf();
  expect(await found(past, log.slice(0, 2))).toEqual(['key@1=2']);
  expect(await found(past, log.slice(2))).toEqual(['other@3=3']);
});

test('where the log has lost its beginning, what may be a copy of something before it does not count', async () => {
  // At the minutes 0 to 4; a copy stands up to one minute behind what it is a copy of, a resend by its age more.
  const log = logOf([{ k: 'a' }, { k: 'b' }, { k: 'c' }, { k: 'd', re: 3 * MINUTE_MS }, { k: 'e' }], 100);
  const past = pastOf(100);
  expect(await found(past, log)).toEqual(['b@101=2', 'c@102=3', 'e@104=5']);
  expect(past.begin).toBe(104);
});

test('what a rule refused is no value', async () => {
  const strict: Rule = {
    name: 'strict',
    judge: (messages) =>
      messages.map(({ data }) => (data === 2 ? { code: 108, msg: 'not that one' } : undefined)),
  };
  expect(await found(pastOf(0, [strict]), logOf([{}, {}]))).toEqual(['key@0=1']);
});

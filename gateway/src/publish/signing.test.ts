import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { verifier, type InRecord, type MemoryKafka, type SigningKeys } from '@chatplatform/kafka';
import { names } from '@chatplatform/platform';
import { systemClock } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { Bench } from '../testing/bench.ts';
import { openSigning } from './signing.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

const { topics } = names('test', 'bench');
const folder = mkdtempSync(join(tmpdir(), 'signing-'));
const keysFile = join(folder, 'keys.json');
const keys: SigningKeys = { active: 'k1', keys: { k1: randomBytes(32).toString('base64') } };
writeFileSync(keysFile, JSON.stringify(keys));
afterAll(() => rmSync(folder, { recursive: true }));

test('what clients publish is signed in the log, and delivered', async () => {
  const bench = await Bench.open();
  const gateway = await bench.gateway({ signing: { keysFile, required: true } });
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  expect((await bench.publish(ann, 'r', 1))['pub']).toBeDefined();
  await ann.raw.when(() => ann.raw.messages('r').length === 1);
  const [record] = (bench.stores.kafka() as MemoryKafka).records(topics.messages);
  expect(verifier(() => keys)(record as InRecord)).toBe('good');
  await bench.close();
});

test('a gateway that cannot sign does not start', async () => {
  const bench = await Bench.open();
  await expect(bench.gateway({ signing: { keysFile: join(folder, 'none') } })).rejects.toThrow(
    'cannot be read',
  );
  await bench.close();
});

test('records of the log are believed as workers believe them', () => {
  const tools = { clock: systemClock, logger: silentLogger };
  const strict = openSigning({ keysFile, required: true }, tools);
  const lenient = openSigning({ keysFile, required: false }, tools);
  const record = { key: 'r', value: Buffer.from('{"d":1}'), headers: { v: '1' } };
  const place = { partition: 0, offset: 0, timestamp: 0 };
  const signed = { ...place, ...(strict?.sign(record) ?? record) } as InRecord;
  const plain = { ...place, ...record };
  const changed = { ...signed, value: Buffer.from('{"d":2}') };
  const judged = (signing: typeof strict) => [signed, plain, changed].map((each) => signing?.isTrusted(each));
  expect(judged(strict)).toEqual([true, false, false]);
  expect(judged(lenient)).toEqual([true, true, false]);
  strict?.stop();
  lenient?.stop();
});

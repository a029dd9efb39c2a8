import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@chatplatform/runtime';
import { readSigningKeys, watchSigningKeys } from './keys-file.ts';
import type { SigningKeys } from './signature.ts';

const folder = mkdtempSync(join(tmpdir(), 'signing-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'keys.json');
const key = (): string => randomBytes(32).toString('base64');
const one: SigningKeys = { active: 'k1', keys: { k1: key() } };
const two: SigningKeys = { active: 'k2', keys: { ...one.keys, k2: key() } };

function watched() {
  const told: string[] = [];
  const tell = (_: object, message: string): void => void told.push(message);
  const clock = new ManualClock();
  const logger = { debug: tell, info: tell, warn: tell, error: tell };
  return { told, clock, keys: watchSigningKeys(path, { clock, logger }) };
}

test('keys are followed; what is no set of keys changes nothing and is told once', async () => {
  writeFileSync(path, JSON.stringify(one));
  const { keys, told } = watched();
  expect(keys.current()).toEqual(one);
  writeFileSync(path, JSON.stringify(two));
  await keys.renew();
  expect(keys.current()).toEqual(two);
  writeFileSync(path, '{"active":"k3","keys":{}}');
  await keys.renew();
  await keys.renew();
  rmSync(path);
  await keys.renew();
  expect(keys.current()).toEqual(two);
  expect(told).toEqual(['signing keys have changed', 'the signing keys stay as they were']);
  keys.stop();
});

test('the file is looked at every two seconds until it is stopped', async () => {
  writeFileSync(path, JSON.stringify(one));
  const { keys, clock } = watched();
  writeFileSync(path, JSON.stringify(two));
  await clock.advance(2_000);
  for (let turns = 0; turns < 100 && keys.current() !== two; turns += 1) {
    if (keys.current().active === 'k2') break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(keys.current()).toEqual(two);
  keys.stop();
});

test.each([
  '',
  'null',
  '[]',
  '{"active":"k1"}',
  '{"active":"k1","keys":{"k1":7}}',
  '{"active":"a.b","keys":{"a.b":"x"}}',
])('a file with %j at the start is refused with what to write', (text) => {
  writeFileSync(path, text);
  expect(() => readSigningKeys(path)).toThrow('holds no signing keys; write {"active":"k1"');
});

test('a file that is not there is refused with what to do', () => {
  expect(() => readSigningKeys(join(folder, 'none.json'))).toThrow(
    'none.json cannot be read; mount the Secret',
  );
});

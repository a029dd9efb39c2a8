import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signer, type OutRecord, type SigningKeys } from '@chatplatform/kafka';
import { recordOf, roomsOfPartition, World } from '../test/world.ts';
import type { RunningWorker } from '../worker.ts';

const [ROOM = ''] = roomsOfPartition(0, 1);
const folder = mkdtempSync(join(tmpdir(), 'signatures-'));
const keysFile = join(folder, 'keys.json');
const key = (): string => randomBytes(32).toString('base64');
const first: SigningKeys = { active: 'k1', keys: { k1: key() } };
const second: SigningKeys = { active: 'k2', keys: { ...first.keys, k2: key() } };
const signedBy =
  (keys: SigningKeys) =>
  (record: OutRecord): OutRecord =>
    signer(() => keys)({ ...record, headers: record.headers ?? {} });
const good = signedBy(first);

let world: World;
let worker: RunningWorker | undefined;

beforeEach(async () => {
  writeFileSync(keysFile, JSON.stringify(first));
  world = await new World().open([ROOM]);
});
afterEach(async () => {
  await worker?.close();
  await world.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function start(required: boolean): Promise<void> {
  worker = await world.worker({}, { signing: { keysFile, required } });
}

test('a forged record goes to the dead letters and its sender is told; the rest goes on', async () => {
  await start(true);
  const [one, two, three, four] = [1, 2, 3, 4].map((n) => recordOf({ room: ROOM, inst: 'a', n }));
  if (!one || !two || !three || !four) throw new Error('four records');
  await world.append(good(one));
  await world.append({ ...good(two), value: '{"d":"changed on the way"}' });
  await world.append(three);
  await world.append(
    signedBy({ active: 'k1', keys: { k1: key() } })(recordOf({ room: ROOM, inst: 'a', n: 5 })),
  );
  await world.append(good(recordOf({ room: ROOM, inst: 'a', n: 6 })));
  await world.drained();
  expect(await world.history(ROOM)).toEqual(['a.1', 'a.6']);
  expect(world.deadLetters().map(({ headers }) => headers['dl-cause'])).toEqual(Array(3).fill('signature'));
  const told = world.mail.filter((item) => item.class === 'rj');
  expect(told.map(({ frame }) => (JSON.parse(frame) as { rj: { code: number } }).rj.code)).toEqual([
    107, 107, 107,
  ]);
});

test('where signatures are not required yet, only a wrong one is refused', async () => {
  await start(false);
  await world.publish({ room: ROOM, inst: 'a', n: 1 });
  await world.append({ ...good(recordOf({ room: ROOM, inst: 'a', n: 2 })), value: '{"d":"changed"}' });
  await world.append(good(recordOf({ room: ROOM, inst: 'a', n: 3 })));
  await world.drained();
  expect(await world.history(ROOM)).toEqual(['a.1', 'a.3']);
  expect(world.deadLetters()).toHaveLength(1);
});

test('a key that came a moment ago is known before a record is refused for it', async () => {
  await start(true);
  await world.append(good(recordOf({ room: ROOM, inst: 'a', n: 1 })));
  await world.drained();
  writeFileSync(keysFile, JSON.stringify(second));
  await world.append(signedBy(second)(recordOf({ room: ROOM, inst: 'a', n: 2 })));
  await world.append(good(recordOf({ room: ROOM, inst: 'a', n: 3 })));
  await world.drained();
  expect(await world.history(ROOM)).toEqual(['a.1', 'a.2', 'a.3']);
  expect(world.deadLetters()).toEqual([]);
});

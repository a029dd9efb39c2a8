import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { roomsOfPartition, World } from '../test/world.ts';
import { loadRules } from './rule-modules.ts';

const folder = mkdtempSync(join(tmpdir(), 'rules-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [ROOM = ''] = roomsOfPartition(0, 1);
const EXAMPLE = join(import.meta.dirname, '../../../examples/rules/words.mjs');

function module(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

test('the example judges what a worker gives it: the rude are refused, the others are not', async () => {
  const world = await new World().open([ROOM]);
  const worker = await world.worker({}, { rules: [EXAMPLE] });
  await world.publish(
    { room: ROOM, inst: 'a', n: 1, data: { text: 'Hello' } },
    { room: ROOM, inst: 'a', n: 2, data: { text: 'You BLOCKHEAD!' } },
    { room: ROOM, inst: 'a', n: 3, data: 'no text' },
  );
  await world.drained();
  expect(await world.history(ROOM)).toEqual(['a.1', 'a.3']);
  const told = world.mail
    .filter((item) => item.class === 'rj')
    .map(({ frame }) => JSON.parse(frame) as unknown);
  expect(told).toMatchObject([{ rj: { code: 103, msg: expect.stringContaining('blockhead') } }]);
  expect(world.deadLetters()).toEqual([]);
  await worker.close();
  await world.close();
});

test('a module that throws costs the record it throws on, not the platform', async () => {
  const bomb = module(
    'bomb.mjs',
    `export default { name: 'bomb', judge: (messages) => messages.map(({ data }) => { if (data === 'bomb') throw new Error('boom'); }) };`,
  );
  const world = await new World().open([ROOM]);
  const worker = await world.worker({}, { rules: [bomb] });
  await world.publish(...['a', 'bomb', 'b'].map((data, at) => ({ room: ROOM, inst: 'i', n: at + 1, data })));
  await world.drained();
  expect(await world.history(ROOM)).toEqual(['i.1', 'i.3']);
  expect(world.deadLetters()).toMatchObject([{ headers: { 'dl-cause': 'rule:bomb', 'dl-message': 'boom' } }]);
  await worker.close();
  await world.close();
});

test.each([
  ['none.mjs', undefined, 'cannot be loaded'],
  ['broken.mjs', 'export default {', 'cannot be loaded'],
  ['empty.mjs', 'export const rule = 1;', 'exports no rule; write: export default'],
  ['nameless.mjs', 'export default { judge: () => [] };', 'exports no rule'],
])('%s keeps the worker from starting', async (name, text, message) => {
  const file = text === undefined ? join(folder, name) : module(name, text);
  await expect(loadRules([file])).rejects.toThrow(message);
});

import type { Random } from '@chatplatform/runtime';
import { anyJson, chance, mutateText, oneOf, pick } from './noise.ts';

// Of every value the protocol knows: good ones, and ones just beyond.
const ROOMS = [
  'a',
  'team:42',
  '@ann',
  'x'.repeat(128),
  'x'.repeat(129),
  '',
  '__proto__',
  '@',
  '@a@b',
  'a b',
  'a{b}',
  'ä',
];
const POSITIONS = [
  '',
  'abcdef00000000000001',
  'zzzzzzzzzzzzzzzzzzzz',
  'ABCDEF00000000000001',
  '?',
  'abcdef0000000000000',
];
const INSTS = ['abcdefghijklmnop', 'a'.repeat(32), 'a'.repeat(33), 'short', 'abcdefghijklmno.', ''];
const NUMBERS = ['1', '9007199254740991', '9007199254740992', '0', '01', '-1', '1e3', '1.0', ''];
const USERS = ['ann', 'x'.repeat(127), 'x'.repeat(128), 'ann.-40example.com', '__proto__', '', 'a/b'];
const TRACES = ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '01-0-0-0', ''];

/** Any JSON now and then, a slip now and then, mostly one of the list. */
function mostly(random: Random, values: readonly string[]): unknown {
  if (chance(random, 0.05)) return anyJson(random);
  const value = oneOf(random, values);
  return chance(random, 0.05) ? mutateText(value, random) : value;
}

export const room = (random: Random): unknown => mostly(random, ROOMS);
export const position = (random: Random): unknown => mostly(random, POSITIONS);
export const inst = (random: Random): unknown => mostly(random, INSTS);
export const user = (random: Random): unknown => mostly(random, USERS);
export const trace = (random: Random): unknown => mostly(random, TRACES);
export const cid = (random: Random): unknown =>
  chance(random, 0.05) ? anyJson(random) : `${String(inst(random))}.${oneOf(random, NUMBERS)}`;

/** A number around a limit. */
export const size = (random: Random): unknown =>
  chance(random, 0.05) ? anyJson(random) : oneOf(random, [0, 1, 50, 200, 201, -1, 1.5, 2 ** 31]);

/** A list or a record of some entries. */
export function several(random: Random, entry: () => unknown): unknown[] {
  return Array.from({ length: pick(random, 4) }, entry);
}

import type { Random } from '@chatplatform/runtime';

/** A whole number in [0, below). */
export function pick(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}

/** One of several. */
export function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[pick(random, values.length)] as T;
}

/** True with this probability. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

// What parsers of text, JSON and numbers have stumbled over.
const SNIPPETS = [
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\u2028',
  '\u0000',
  '\uD800',
  '\uFEFF',
  '😀',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\n',
  '\r\n',
  '\t',
  '{}',
  '[]',
  'null',
  'true',
  '-0',
  '1e999',
  '1e-7',
  '-1',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '0x10',
  'NaN',
  '"__proto__":',
  '"constructor":{"prototype":',
  '"i":',
  '../',
  '*',
  '**',
  '@',
  '.',
  '%00',
];

/** A neighbour of a text: bytes changed, cut out, doubled, moved, or something nasty put in. */
export function mutateText(text: string, random: Random): string {
  const at = pick(random, text.length + 1);
  const length = 1 + pick(random, 8);
  switch (pick(random, 6)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(pick(random, 256)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + text.slice(at, at + length).repeat(2) + text.slice(at + length);
    case 3:
      return text.slice(0, at) + oneOf(random, SNIPPETS) + text.slice(at);
    case 4:
      return text.slice(0, at) + oneOf(random, SNIPPETS) + text.slice(at + length);
    default:
      return text.slice(at) + text.slice(0, at);
  }
}

/** Smaller texts: halves left out, then quarters, then single characters. */
export function shrinkText(text: string): string[] {
  const smaller: string[] = [];
  for (let size = Math.ceil(text.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < text.length; at += size) smaller.push(text.slice(0, at) + text.slice(at + size));
  }
  return smaller;
}

const SCALARS: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  1.5,
  1e21,
  2 ** 32,
  '',
  'a',
  '\u0000',
  '😀',
  '__proto__',
];

/** Some JSON value; deeper ones are rarer. */
export function anyJson(random: Random, depth = 0): unknown {
  const kind = random.next();
  if (depth > 4 || kind < 0.7) return oneOf(random, SCALARS);
  if (kind < 0.72) return nested(pick(random, 60));
  const size = pick(random, 3);
  if (kind < 0.86) return Array.from({ length: size }, () => anyJson(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: size }, (_, at) => [
      oneOf(random, ['a', 'd', '', 'i', `k${at}`]),
      anyJson(random, depth + 1),
    ]),
  );
}

function nested(levels: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

import { make } from './dom.ts';

/** Names as people see them: a user id says `ann.x7k2m`, its owner says "Ann". */
export class Names {
  readonly #names = new Map<string, string>();

  /** What a message or the presence list said. */
  learn(user: string, name: unknown): void {
    if (typeof name === 'string' && name.trim() !== '') this.#names.set(user, name.trim().slice(0, 40));
  }

  /** The name of a user; the readable part of the id as long as no name is known. */
  of(user: string): string {
    return this.#names.get(user) ?? user.split('.')[0] ?? user;
  }
}

/** A round sign with the initials of a name, in a colour of the user's own. */
export function avatar(user: string, name: string): HTMLElement {
  const sign = make('span', { class: 'avatar', 'aria-hidden': 'true' }, initials(name));
  sign.style.setProperty('--hue', String(hueOf(user)));
  return sign;
}

/** One or two letters. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => word !== '');
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => Array.from(word ?? '?')[0]?.toUpperCase() ?? '').join('');
}

/** Degrees of the golden angle: neighbouring numbers get colours far apart. */
const GOLDEN_ANGLE = 137.508;

function hueOf(user: string): number {
  let hash = 0;
  for (const character of user) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return Math.round((hash % 360) * GOLDEN_ANGLE) % 360;
}

/** "Ann", "Ann and Bob", "Ann, Bob and 3 others". */
export function listOf(names: readonly string[]): string {
  const [first, second, ...rest] = names;
  if (first === undefined) return '';
  if (second === undefined) return first;
  return rest.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${rest.length} others`;
}

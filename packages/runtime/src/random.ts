import { randomBytes } from 'node:crypto';

/** Randomness, injected everywhere so that a run can be replayed from its seed. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` characters 0-9a-z. From {@link systemRandom} unguessable: 5.17 bits per character. */
  id(length: number): string;
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
/** The largest multiple of 36 in a byte: bytes above it are drawn again, so that every character is as likely. */
const UNBIASED = 252;

/** The operating system's randomness. */
export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  id: (length) => {
    let out = '';
    while (out.length < length) {
      for (const byte of randomBytes(length)) {
        if (byte < UNBIASED && out.length < length) out += ALPHABET[byte % 36];
      }
    }
    return out;
  },
};

/** The same sequence for the same seed on every machine (mulberry32). Never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    id: (length) => Array.from({ length }, () => ALPHABET[Math.floor(next() * 36)]).join(''),
  };
}

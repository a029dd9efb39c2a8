/** A pending call. */
export interface Timer {
  cancel(): void;
}

/** Time as the SDK needs it; injected, so that tests own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since an arbitrary moment; never goes back. */
  monotonic(): number;
  /** Calls `fn` once after `ms`. */
  setTimeout(fn: () => void, ms: number): Timer;
}

/** Randomness as the SDK needs it; injected, so that a test can be replayed from its seed. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` characters of base 36. */
  id(length: number): string;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (fn, ms) => {
    const handle = setTimeout(fn, ms);
    return { cancel: () => clearTimeout(handle) };
  },
};

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Web Crypto, in browsers and in Node. */
export const systemRandom: Random = {
  next: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
  // 256 is no multiple of 36: four characters come up slightly more often, which an id can bear.
  id: (length) =>
    Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => ALPHABET[byte % 36]).join(''),
};

/** A number from `low` up to `high`. */
export function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * random.next();
}

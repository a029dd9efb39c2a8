import type { Random } from './random.ts';

/** How waits grow: `base * factor^n`, at most `max`; all times in milliseconds. */
export interface BackoffOptions {
  readonly base: number;
  readonly factor: number;
  readonly max: number;
  /** Share of the wait that is random: 0 = none, 1 = anywhere between 0 and the full wait ("full jitter"). */
  readonly jitter: number;
}

/** A growing wait between attempts. */
export interface Backoff {
  /** The next wait in milliseconds. */
  next(): number;
  /** Starts again at `base`, after a success. */
  reset(): void;
}

/** Waits that spread: many clients that failed at one moment do not come back at one moment. */
export function backoff(options: BackoffOptions, random: Random): Backoff {
  let attempt = 0;
  return {
    next: () => {
      const full = Math.min(options.max, options.base * options.factor ** attempt);
      // Growing further than max changes nothing and would overflow to Infinity after long outages.
      if (full < options.max) attempt += 1;
      return Math.round(full * (1 - options.jitter + options.jitter * random.next()));
    },
    reset: () => {
      attempt = 0;
    },
  };
}

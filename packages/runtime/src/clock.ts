import { RuntimeError } from './errors.ts';

/** A pending call of {@link Clock.setTimeout}. */
export interface Timer {
  /** Stops the call from happening. Safe to call twice and after it happened. */
  cancel(): void;
}

/** Time, injected everywhere so that tests and the simulation own it. */
export interface Clock {
  /** Milliseconds since 1970; may jump when the machine's clock is set. For stamps, never for durations. */
  now(): number;
  /** Milliseconds since an arbitrary moment; never goes back. For durations and deadlines. */
  monotonic(): number;
  /** Calls `fn` once after `ms` (0 = next turn). The timer keeps the process alive. */
  setTimeout(fn: () => void, ms: number): Timer;
  /** Resolves after `ms`; rejects with RuntimeError `aborted` as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Resolves after `ms` on `clock`; the shared body of every clock's `sleep`. */
export function sleepOn(clock: Pick<Clock, 'setTimeout'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted(signal));
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(aborted(signal));
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function aborted(signal: AbortSignal | undefined): RuntimeError {
  return new RuntimeError('aborted', 'the wait was ended early by its abort signal', {
    cause: signal?.reason,
  });
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (fn, ms) => {
    const handle = setTimeout(fn, ms);
    return { cancel: () => clearTimeout(handle) };
  },
  sleep: (ms, signal) => sleepOn(systemClock, ms, signal),
};

import type { Clock, Timer } from '@chatplatform/runtime';

/** What a worker does with one key. */
export type Handler = (key: string) => Promise<{ requeueAfterMs?: number } | void>;

/** What a queue is given. */
export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly handle: Handler;
  /** Keys handled at the same time; one key is never handled twice at once. */
  readonly concurrency: number;
  readonly onError: (key: string, error: unknown, retryInMs: number) => void;
}

// client-go's default controller rate limiter, with a shorter longest wait.
const RETRY_BASE_MS = 5;
const RETRY_MAX_MS = 300_000;
const BUCKET_PER_SECOND = 10;
const BUCKET_BURST = 100;

/**
 * The queue of a controller, with the semantics of client-go: a key waits at most once however often
 * it is added; a key added while it is handled is handled again afterwards; a failing key comes back
 * after a wait that doubles, forgotten on success; all retries together pass one token bucket.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Insertion order is the order of work. */
  readonly #waiting = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #delayed = new Map<string, { at: number; timer: Timer }>();
  readonly #bucket: { tokens: number; at: number };
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#bucket = { tokens: BUCKET_BURST, at: options.clock.monotonic() };
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Handles `key` soon. */
  add(key: string): void {
    if (this.#stopped) return;
    if (this.#processing.has(key)) {
      this.#dirty.add(key);
      return;
    }
    this.#waiting.add(key);
    this.#dispatch();
  }

  /** Handles `key` in `ms`, or sooner if it was to come sooner already. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    const at = this.#options.clock.monotonic() + ms;
    const known = this.#delayed.get(key);
    if (known && known.at <= at) return;
    known?.timer.cancel();
    const timer = this.#options.clock.setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, ms);
    this.#delayed.set(key, { at, timer });
  }

  /** Takes no more work and waits for what is being handled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    if (this.#processing.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #dispatch(): void {
    for (const key of this.#waiting) {
      if (this.#stopped || this.#processing.size >= this.#options.concurrency) return;
      this.#waiting.delete(key);
      this.#processing.add(key);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    try {
      const result = await this.#options.handle(key);
      this.#failures.delete(key);
      if (result?.requeueAfterMs !== undefined) this.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      const wait = this.#retryWait(key);
      this.#options.onError(key, error, wait);
      this.addAfter(key, wait);
    }
    this.#processing.delete(key);
    if (this.#dirty.delete(key)) this.add(key);
    this.#dispatch();
    if (this.#processing.size === 0) this.#idle.splice(0).forEach((wake) => wake());
  }

  #retryWait(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.max(Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** Math.min(failures, 30)), this.#bucketWait());
  }

  #bucketWait(): number {
    const now = this.#options.clock.monotonic();
    const refilled = this.#bucket.tokens + ((now - this.#bucket.at) / 1000) * BUCKET_PER_SECOND;
    this.#bucket.tokens = Math.min(BUCKET_BURST, refilled) - 1;
    this.#bucket.at = now;
    return this.#bucket.tokens >= 0 ? 0 : (-this.#bucket.tokens / BUCKET_PER_SECOND) * 1000;
  }
}

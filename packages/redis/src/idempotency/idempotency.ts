/** How long an attempt is remembered: as long as the log's duplicates are recognised (24 h). */
export const IDEMPOTENCY_KEEP_MS = 86_400_000;

/** What is known of a request that carries an idempotency key. */
export interface Attempt {
  /** Stands for the content of the request: another one under the same key is a mistake of the client. */
  readonly fingerprint: string;
  /** When the first request came, ms since 1970 by the clock of its gateway. */
  readonly startedAt: number;
  /** False once it came to an end, with a result or without one that is known. */
  readonly running: boolean;
  /** What it was answered, once it was. */
  readonly result?: string | undefined;
}

/** Requests that must have one effect, however often and at whatever gateway they come. `key` is a hash without braces. */
export interface Idempotency {
  /** Remembers the attempt as the first one of `key`; when there was an earlier one, changes nothing and returns that. */
  begin(key: string, attempt: Attempt): Promise<Attempt | undefined>;
  /** Remembers the answer, for {@link IDEMPOTENCY_KEEP_MS} from now. */
  finish(key: string, attempt: Attempt): Promise<void>;
  /** The attempt had no effect for sure: the next request is the first one again. */
  forget(key: string): Promise<void>;
}

/** What can go wrong with a store process. `exited` and `not-ready` carry the tail of its log in the message. */
export type StoreErrorCode = 'tool-failed' | 'exited' | 'not-ready' | 'not-running' | 'command-failed';

/** A Kafka or Redis process could not be fetched, started, reached or stopped. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** True when a second attempt may succeed: another port, a machine that is less busy. */
  readonly retryable: boolean;

  constructor(code: StoreErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.name = 'StoreError';
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

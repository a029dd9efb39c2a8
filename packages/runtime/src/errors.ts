/** Every way this package can fail. `retryable` on the error says whether trying again can help. */
export type RuntimeErrorCode =
  | 'config-unreadable'
  | 'config-invalid'
  | 'breaker-open'
  | 'aborted'
  | 'step-timeout';

/** The one error type of this package. The message names the field or step, the value, and what to do. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;
  readonly retryable: boolean;

  constructor(
    code: RuntimeErrorCode,
    message: string,
    options: { retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

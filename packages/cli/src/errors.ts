/** Every way a command can fail. */
export type CliErrorCode =
  | 'usage'
  | 'not-running'
  | 'already-running'
  | 'unreachable'
  | 'start-failed'
  | 'refused'
  | 'violated';

/** A failure for people: what was wrong and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly retryable: boolean;
  /** The next step, as a sentence or a command. */
  readonly remedy: string;

  constructor(code: CliErrorCode, message: string, remedy: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = remedy;
    this.retryable = code === 'unreachable' || code === 'start-failed';
  }
}

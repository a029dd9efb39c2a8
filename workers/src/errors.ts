/**
 * - `start`: the worker cannot start with this configuration.
 * - `consumer`: the consumer loop ended and no restart inside the process cures it; exit.
 */
export type WorkerErrorCode = 'start' | 'consumer';

/** The error a worker fails with. Never retryable inside the process. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
  readonly code: WorkerErrorCode;
  readonly retryable = false;

  constructor(code: WorkerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

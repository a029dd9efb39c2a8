/**
 * - `start`: the worker cannot start with this configuration.
 * - `consumer`: the consumer loop ended and no restart inside the process cures it; exit.
 * - `log-replaced`: another log took the place of the one this worker began with; exit and begin anew.
 */
export type WorkerErrorCode = 'start' | 'consumer' | 'log-replaced';

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

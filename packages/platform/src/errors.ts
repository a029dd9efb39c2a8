/** Closed set of things that go wrong in this package. */
export type PlatformErrorCode =
  /** The document is not a valid ChatPlatform; the message lists every fault with its field. */
  'invalid-resource';

/** The only error this package throws. Never retryable: the same input fails the same way. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly retryable = false;
  readonly code: PlatformErrorCode;

  constructor(code: PlatformErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

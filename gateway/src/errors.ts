/** Everything that can go wrong in the gateway itself; what clients see are the protocol's own codes. */
export type GatewayErrorCode = 'listen' | 'config' | 'token' | 'keys-unavailable' | 'closed';

/** Error of the gateway: `code` to switch on, `retryable` when trying again can help. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;
  readonly retryable: boolean;

  constructor(
    code: GatewayErrorCode,
    message: string,
    options: { cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

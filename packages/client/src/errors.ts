import { closeRow, errorRow, type ProtocolError } from '@chatplatform/protocol/light';

/**
 * Why something failed.
 *
 * - `refused`: the platform said no; {@link ClientError.refusal} has its code.
 * - `ended`: the connection ended for good; {@link ClientError.closeCode} has the code.
 * - `disconnected`: the connection was lost before the answer came.
 * - `closed`: the application closed the client or left the room.
 * - `token`: no token could be had, or it has expired and there is no function to get a new one.
 * - `outbox-full`: too many messages wait for their acknowledgement.
 * - `too-large`: the message is larger than a frame may be.
 * - `storage`: the outbox store failed, is not available here, or belongs to another user.
 * - `invalid`: an argument does not have its form.
 */
export type ClientErrorCode =
  | 'refused'
  | 'ended'
  | 'disconnected'
  | 'closed'
  | 'token'
  | 'outbox-full'
  | 'too-large'
  | 'storage'
  | 'invalid';

/** What a {@link ClientError} may carry besides its message. */
export interface ClientErrorDetails {
  readonly retryable?: boolean;
  readonly cause?: unknown;
  readonly refusal?: ProtocolError;
  readonly closeCode?: number;
}

/**
 * The one error class of the SDK. Its message says what was wrong and what to do.
 *
 * @example
 * ```ts
 * import { ClientError } from '@chatplatform/client';
 *
 * try {
 *   await client.publish('no room name!', { text: 'hello' });
 * } catch (error) {
 *   if (error instanceof ClientError) console.log(error.code, error.retryable, error.message);
 * }
 * ```
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** May the same call succeed later? */
  readonly retryable: boolean;
  /** The platform's answer, for `refused`. */
  readonly refusal: ProtocolError | undefined;
  /** The close code, for `ended`. */
  readonly closeCode: number | undefined;

  constructor(code: ClientErrorCode, message: string, details: ClientErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.refusal = details.refusal;
    this.closeCode = details.closeCode;
  }
}

/** The error for a reply that refuses. */
export function refused(refusal: ProtocolError): ClientError {
  const row = errorRow(refusal.code);
  const remedy = row ? ` ${row.remedy}` : '';
  return new ClientError(
    'refused',
    `${row?.name ?? 'error'} (${refusal.code}): ${refusal.msg}.${remedy}`.replace('..', '.'),
    {
      refusal,
      retryable: refusal.retry,
    },
  );
}

/** The error for a close code after which a client stops. */
export function ended(closeCode: number, reason: string): ClientError {
  const row = closeRow(closeCode);
  const text = row
    ? `${row.name} (${closeCode}): ${row.cause} ${row.remedy}`
    : `closed with ${closeCode}: ${reason}`;
  return new ClientError('ended', text, { closeCode });
}

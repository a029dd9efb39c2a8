/**
 * Why a Kafka call failed.
 *
 * - `unavailable`: no broker answered, or the producer's breaker is open; try later.
 * - `timeout`: the record's deadline passed; it may or may not be in the log.
 * - `behind-failure`: an earlier record of the same partition finally failed, so this one was not sent
 *   (or is taken back) to keep the order; append it again after that one.
 * - `queue-full`: the producer's byte bound is reached; try later.
 * - `too-large`: the record can never be written; make it smaller.
 * - `unknown-topic`: the topic or partition does not exist.
 * - `unauthorized`: the brokers do not accept the credentials, or their certificate is not trusted; the message
 *   names the setting to change. Worth trying again: the change may happen at the brokers.
 * - `out-of-range`: the offset is not in the log any more, or not yet.
 * - `invalid`: a wrong argument or a refusal by the broker that no retry cures.
 * - `closed`: the client was closed.
 */
export type KafkaErrorCode =
  | 'unavailable'
  | 'timeout'
  | 'behind-failure'
  | 'queue-full'
  | 'too-large'
  | 'unknown-topic'
  | 'out-of-range'
  | 'unauthorized'
  | 'invalid'
  | 'closed';

const RETRYABLE: ReadonlySet<KafkaErrorCode> = new Set([
  'unavailable',
  'unauthorized',
  'timeout',
  'behind-failure',
  'queue-full',
]);

/** The only error this package throws or rejects with. */
export class KafkaError extends Error {
  readonly code: KafkaErrorCode;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;

  constructor(code: KafkaErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'KafkaError';
    this.code = code;
    this.retryable = RETRYABLE.has(code);
  }
}

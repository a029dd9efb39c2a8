import {
  codeOfBrokerError,
  isMaybeWritten,
  isPassingError,
  isRebalanceError,
  handshakeRemedy,
  isUnknownTopicError,
  isUnreachable,
  SASL_REMEDY,
  tlsRemedy,
} from '../broker-errors.ts';
import { KafkaError, type KafkaErrorCode } from '../errors.ts';

/** The fields of kafkajs's many error classes that matter here. */
interface KafkaJsFailure {
  readonly name: string;
  readonly message: string;
  /** Kafka's error name, for errors the broker reported. */
  readonly type?: string;
  /** Node's error code, for connection errors. */
  readonly code?: string | number;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

const SASL_FAILURE = 'KafkaJSSASLAuthenticationError';
const CODES: Readonly<Record<string, KafkaErrorCode>> = {
  KafkaJSNotImplemented: 'invalid',
  KafkaJSServerDoesNotSupportApiKey: 'invalid',
  [SASL_FAILURE]: 'unauthorized',
};

/** After these the broker has certainly not written the batch. */
const NOT_WRITTEN_NAMES: ReadonlySet<string> = new Set([
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSBrokerNotFound',
  SASL_FAILURE,
]);

/** The error kafkajs wrapped, possibly several times. */
export function rootOf(error: unknown): KafkaJsFailure {
  let failure = asFailure(error);
  // Bounded: a cycle of causes must not hang an error path.
  for (let depth = 0; depth < 8; depth += 1) {
    const inner = failure.errors?.[0] ?? failure.cause;
    if (!isFailure(inner)) return failure;
    failure = inner;
  }
  return failure;
}

/** Any failure of kafkajs as this package's error. */
export function toKafkaError(error: unknown, doing: string): KafkaError {
  if (error instanceof KafkaError) return error;
  const root = rootOf(error);
  const remedy = remedyFor(root);
  const message = `${doing}: ${root.message}${remedy === undefined ? '' : ` (${remedy})`}`;
  return new KafkaError(codeOf(root), message, { cause: error });
}

/** Whether the consumer loop can never work again without a change of code, rights or configuration. */
export function isFatal(error: unknown): boolean {
  const code = codeOf(rootOf(error));
  return code === 'invalid' || code === 'unauthorized';
}

/** Whether the records of a failed produce request may be in the log. */
export function writtenAfter(error: unknown): 'no' | 'unknown' {
  const { name, code, type } = rootOf(error);
  if (NOT_WRITTEN_NAMES.has(name) || isUnreachable(code) || tlsRemedy(code) !== undefined) return 'no';
  return type !== undefined && !isMaybeWritten(type) ? 'no' : 'unknown';
}

/** Whether the same question will be answered in a moment; kafkajs's admin does not ask again by itself. */
export function isPassing(error: unknown): boolean {
  const { type } = rootOf(error);
  return type !== undefined && isPassingError(type);
}

/** The broker that was asked has not heard of the topic, or not yet. */
export function isUnknownTopic(error: unknown): boolean {
  const { type } = rootOf(error);
  return type !== undefined && isUnknownTopicError(type);
}

/** The group takes (or took) the partitions away: the member has to join again. */
export function isRebalance(error: unknown): boolean {
  const { type } = rootOf(error);
  return type !== undefined && isRebalanceError(type);
}

function codeOf({ name, type, code }: KafkaJsFailure): KafkaErrorCode {
  if (type !== undefined) return codeOfBrokerError(type);
  return tlsRemedy(code) === undefined ? (CODES[name] ?? 'unavailable') : 'unauthorized';
}

function remedyFor(failure: KafkaJsFailure): string | undefined {
  if (codeOf(failure) !== 'unauthorized') return handshakeRemedy(failure.message);
  return tlsRemedy(failure.code) ?? SASL_REMEDY;
}

function asFailure(error: unknown): KafkaJsFailure {
  return isFailure(error) ? error : { name: 'unknown', message: String(error) };
}

/** By its shape: an error of another realm is no instance of this one's `Error`. */
function isFailure(error: unknown): error is KafkaJsFailure {
  return typeof error === 'object' && error !== null && 'message' in error;
}

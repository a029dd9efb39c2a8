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

const BY_TYPE: Readonly<Record<string, KafkaErrorCode>> = {
  MESSAGE_TOO_LARGE: 'too-large',
  RECORD_LIST_TOO_LARGE: 'too-large',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown-topic',
  INVALID_TOPIC_EXCEPTION: 'unknown-topic',
};

/** Refusals that trying again does not cure; every other failure counts as an outage. */
const FINAL_TYPES: ReadonlySet<string> = new Set([
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_REQUIRED_ACKS',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
  'INVALID_CONFIG',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
]);
const FINAL_NAMES: ReadonlySet<string> = new Set([
  'KafkaJSNotImplemented',
  'KafkaJSSASLAuthenticationError',
  'KafkaJSServerDoesNotSupportApiKey',
]);

/** After these the broker has certainly not written the batch. */
const NOT_WRITTEN_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const NOT_WRITTEN_NAMES: ReadonlySet<string> = new Set([
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSBrokerNotFound',
  'KafkaJSSASLAuthenticationError',
]);
/** Broker answers after which the batch may be in the log. */
const MAYBE_WRITTEN_TYPES: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NETWORK_EXCEPTION',
  'KAFKA_STORAGE_ERROR',
  'KAFKAJS_UNKNOWN_ERROR_CODE',
]);

/** The error kafkajs wrapped, possibly several times. */
export function rootOf(error: unknown): KafkaJsFailure {
  let failure = asFailure(error);
  // Bounded: a cycle of causes must not hang an error path.
  for (let depth = 0; depth < 8; depth += 1) {
    const inner = failure.errors?.[0] ?? failure.cause;
    if (!(inner instanceof Error)) return failure;
    failure = asFailure(inner);
  }
  return failure;
}

/** Any failure of kafkajs as this package's error. */
export function toKafkaError(error: unknown, doing: string): KafkaError {
  if (error instanceof KafkaError) return error;
  const root = rootOf(error);
  return new KafkaError(codeOf(root), `${doing}: ${root.message}`, { cause: error });
}

/** Whether the consumer loop can never work again without a change of code, rights or configuration. */
export function isFatal(error: unknown): boolean {
  const root = rootOf(error);
  return codeOf(root) === 'invalid';
}

/** Whether the records of a failed produce request may be in the log. */
export function writtenAfter(error: unknown): 'no' | 'unknown' {
  const root = rootOf(error);
  if (NOT_WRITTEN_NAMES.has(root.name) || NOT_WRITTEN_CODES.has(root.code)) return 'no';
  return root.type !== undefined && !MAYBE_WRITTEN_TYPES.has(root.type) ? 'no' : 'unknown';
}

/** The cluster is busy with itself: a coordinator that loads, a leader being elected. Over within moments. */
const PASSING_TYPES: ReadonlySet<string> = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
]);

/** Whether the same question will be answered in a moment; kafkajs's admin does not ask again by itself. */
export function isPassing(error: unknown): boolean {
  const { type } = rootOf(error);
  return type !== undefined && PASSING_TYPES.has(type);
}

/** The group takes (or took) the partitions away: the member has to join again. */
export function isRebalance(error: unknown): boolean {
  const { type } = rootOf(error);
  return type === 'REBALANCE_IN_PROGRESS' || type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION';
}

function codeOf(failure: KafkaJsFailure): KafkaErrorCode {
  const { name, type } = failure;
  if (type !== undefined && BY_TYPE[type] !== undefined) return BY_TYPE[type];
  return FINAL_NAMES.has(name) || (type !== undefined && FINAL_TYPES.has(type)) ? 'invalid' : 'unavailable';
}

function asFailure(error: unknown): KafkaJsFailure {
  return error instanceof Error ? error : { name: 'unknown', message: String(error) };
}

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

/** The fields of @platformatic/kafka's error classes that matter here. */
interface LibraryFailure {
  readonly message: string;
  readonly cause?: unknown;
  /** The library's own code, or Node's. */
  readonly code?: unknown;
  /** Kafka's error name, for errors the broker reported. */
  readonly apiId?: unknown;
  readonly errors?: readonly unknown[];
  /** The answer that holds the errors, as far as it could be read. */
  readonly response?: unknown;
}

/** The error and everything it wraps, outermost first. Bounded: a cycle of causes must not hang an error path. */
function chain(error: unknown): LibraryFailure[] {
  const found: LibraryFailure[] = [];
  let next: unknown = error;
  while (isFailure(next) && found.length < 8) {
    const failure: LibraryFailure = next;
    found.push(failure);
    next = failure.errors?.[0] ?? failure.cause;
  }
  return found;
}

/** Kafka's name of the error the broker answered with; `undefined` when it gave no answer. */
export function brokerErrorOf(error: unknown): string | undefined {
  for (const { apiId } of chain(error)) if (typeof apiId === 'string') return apiId;
  return undefined;
}

/** The answer an error came with: other parts of it may be good. */
export function answerOf(error: unknown): unknown {
  return chain(error).find(({ response }) => response !== undefined)?.response;
}

/** Any failure of the library as this package's error. */
export function toKafkaError(error: unknown, doing: string): KafkaError {
  if (error instanceof KafkaError) return error;
  const failures = chain(error);
  const code = codeOf(error, failures);
  const remedy = code === 'unauthorized' ? remedyFor(failures) : hintFor(failures);
  const root = failures.at(-1)?.message ?? String(error);
  return new KafkaError(
    code,
    `${doing}: ${brokerErrorOf(error) ?? root}${remedy === undefined ? '' : ` (${remedy})`}`,
    { cause: error },
  );
}

/** Whether the consumer loop can never work again without a change of code, rights or configuration. */
export function isFatal(error: unknown): boolean {
  const { code } = toKafkaError(error, 'consuming');
  return code === 'invalid' || code === 'unauthorized';
}

/** Whether the records of a failed produce request may be in the log. */
export function writtenAfter(error: unknown): 'no' | 'unknown' {
  const failures = chain(error);
  const name = brokerErrorOf(error);
  if (name !== undefined) return isMaybeWritten(name) ? 'unknown' : 'no';
  const never = failures.some(({ code }) => isUnreachable(code) || tlsRemedy(code) !== undefined);
  return never || (error instanceof KafkaError && error.code !== 'unavailable') ? 'no' : 'unknown';
}

/** Whether the same question will be answered in a moment. */
export function isPassing(error: unknown): boolean {
  const name = brokerErrorOf(error);
  return name !== undefined && isPassingError(name);
}

/** The broker that was asked has not heard of the topic, or not yet. */
export function isUnknownTopic(error: unknown): boolean {
  const name = brokerErrorOf(error);
  return name !== undefined && isUnknownTopicError(name);
}

/** The group takes (or took) the partitions away: the member has to join again. */
export function isRebalance(error: unknown): boolean {
  const name = brokerErrorOf(error);
  return name !== undefined && isRebalanceError(name);
}

function codeOf(error: unknown, failures: readonly LibraryFailure[]): KafkaErrorCode {
  const name = brokerErrorOf(error);
  if (name !== undefined) return codeOfBrokerError(name);
  const refused = failures.some(
    ({ code }) => tlsRemedy(code) !== undefined || code === 'PLT_KFK_AUTHENTICATION',
  );
  if (refused) return 'unauthorized';
  return failures.some(({ code }) => code === 'PLT_KFK_UNSUPPORTED_COMPRESSION') ? 'invalid' : 'unavailable';
}

function remedyFor(failures: readonly LibraryFailure[]): string {
  for (const { code } of failures) {
    const remedy = tlsRemedy(code);
    if (remedy !== undefined) return remedy;
  }
  return SASL_REMEDY;
}

function hintFor(failures: readonly LibraryFailure[]): string | undefined {
  for (const { message } of failures) {
    const hint = handshakeRemedy(message);
    if (hint !== undefined) return hint;
  }
  return undefined;
}

/** By its shape: an error of another realm is no instance of this one's `Error`. */
function isFailure(error: unknown): error is LibraryFailure {
  return typeof error === 'object' && error !== null && 'message' in error;
}

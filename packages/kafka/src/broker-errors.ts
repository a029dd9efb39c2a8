import type { KafkaErrorCode } from './errors.ts';

// What Kafka's own error names mean here, for every driver. Both spellings of renamed ones: libraries differ.

const CODES: Readonly<Record<string, KafkaErrorCode>> = {
  MESSAGE_TOO_LARGE: 'too-large',
  RECORD_LIST_TOO_LARGE: 'too-large',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown-topic',
  UNKNOWN_TOPIC_ID: 'unknown-topic',
  INVALID_TOPIC_EXCEPTION: 'unknown-topic',
  OFFSET_OUT_OF_RANGE: 'out-of-range',
  SASL_AUTHENTICATION_FAILED: 'unauthorized',
  UNSUPPORTED_SASL_MECHANISM: 'unauthorized',
  // Refusals that trying again does not cure; every name that is not here counts as an outage.
  INVALID_RECORD: 'invalid',
  INVALID_TIMESTAMP: 'invalid',
  INVALID_REQUIRED_ACKS: 'invalid',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'invalid',
  UNSUPPORTED_VERSION: 'invalid',
  TOPIC_AUTHORIZATION_FAILED: 'invalid',
  GROUP_AUTHORIZATION_FAILED: 'invalid',
  CLUSTER_AUTHORIZATION_FAILED: 'invalid',
  FENCED_INSTANCE_ID: 'invalid',
  POLICY_VIOLATION: 'invalid',
  INVALID_CONFIG: 'invalid',
  INVALID_PARTITIONS: 'invalid',
  INVALID_REPLICATION_FACTOR: 'invalid',
};

/** Among them what a leader says that appended a batch and then lost the partition while its replicas were still to confirm. */
const MAYBE_WRITTEN: ReadonlySet<string> = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'NOT_LEADER_OR_FOLLOWER',
  'UNKNOWN',
  'UNKNOWN_SERVER_ERROR',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NETWORK_EXCEPTION',
  'KAFKA_STORAGE_ERROR',
  'KAFKAJS_UNKNOWN_ERROR_CODE',
]);

const PASSING: ReadonlySet<string> = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_COORDINATOR',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'NOT_LEADER_OR_FOLLOWER',
]);

/** What a call failed with when the broker answered with this error. */
export function codeOfBrokerError(name: string): KafkaErrorCode {
  return CODES[name] ?? 'unavailable';
}

/** Whether a batch may be in the log although the broker answered with this error. */
export function isMaybeWritten(name: string): boolean {
  return MAYBE_WRITTEN.has(name);
}

/** The cluster is busy with itself: a coordinator that loads, a leader being elected. Over within moments. */
export function isPassingError(name: string): boolean {
  return PASSING.has(name);
}

/** The group takes (or took) the partitions away: the member has to join again. */
export function isRebalanceError(name: string): boolean {
  return name === 'REBALANCE_IN_PROGRESS' || name === 'UNKNOWN_MEMBER_ID' || name === 'ILLEGAL_GENERATION';
}

/** Node's codes of a connection that never was: nothing was sent. */
const UNREACHABLE: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Whether an error of Node's says that no connection came about. */
export function isUnreachable(nodeCode: unknown): boolean {
  return UNREACHABLE.has(nodeCode);
}

const UNTRUSTED =
  "the broker's certificate is not signed by an authority that kafka.tls.caFile holds; put the CA of the brokers there";

/** What to change when TLS fails with one of Node's codes. */
const TLS_REMEDIES: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_HAS_EXPIRED: "the broker's certificate has expired; renew it at the brokers",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the broker's certificate is not made for the host in kafka.bootstrapServers; use a name it holds, or renew it with this name",
  ERR_SSL_WRONG_VERSION_NUMBER:
    'the port does not speak TLS; name the TLS listener in kafka.bootstrapServers, or remove kafka.tls',
  EPROTO: 'the port does not speak TLS; name the TLS listener in kafka.bootstrapServers, or remove kafka.tls',
};

/** A sentence that says what to change when TLS failed with this code of Node's; `undefined` for other failures. */
export function tlsRemedy(nodeCode: unknown): string | undefined {
  return typeof nodeCode === 'string' ? TLS_REMEDIES[nodeCode] : undefined;
}

/** What to change when the brokers do not accept user or password. */
export const SASL_REMEDY =
  'the brokers refuse the credentials; check kafka.sasl.mechanism, usernameFile and passwordFile against the users of the cluster';

/**
 * What to look at when a connection ended in the middle of the TLS handshake: a broker that dies does that, and one
 * that does not speak TLS there; `undefined` for other failures.
 */
export function handshakeRemedy(message: string): string | undefined {
  if (!message.includes('secure TLS connection was established')) return undefined;
  return 'when this lasts, the port does not speak TLS: name the TLS listener in kafka.bootstrapServers, or remove kafka.tls';
}

/** Said by a broker that has not heard of the topic, or not yet: three of them do not all know at once what was made. */
export function isUnknownTopicError(name: string): boolean {
  return name === 'UNKNOWN_TOPIC_OR_PARTITION';
}

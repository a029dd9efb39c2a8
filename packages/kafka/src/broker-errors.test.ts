import { toKafkaError as fromKafkajs, writtenAfter as writtenByKafkajs } from './kafkajs/failures.ts';
import {
  toKafkaError as fromPlatformatic,
  writtenAfter as writtenByPlatformatic,
} from './platformatic/failures.ts';

const broker = {
  kafkajs: (type: string) => Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type }),
  platformatic: (apiId: string) =>
    Object.assign(new Error('refused'), { errors: [Object.assign(new Error(apiId), { apiId })] }),
};
const network = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

test.each([
  ['MESSAGE_TOO_LARGE', 'too-large', 'no'],
  ['UNKNOWN_TOPIC_OR_PARTITION', 'unknown-topic', 'no'],
  ['TOPIC_AUTHORIZATION_FAILED', 'invalid', 'no'],
  ['SASL_AUTHENTICATION_FAILED', 'unauthorized', 'no'],
  ['NOT_ENOUGH_REPLICAS', 'unavailable', 'no'],
  // The leader has the batch, some replica may not.
  ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'unavailable', 'unknown'],
  ['REQUEST_TIMED_OUT', 'unavailable', 'unknown'],
  // It may have been the leader until a moment ago, with the batch on its way to the next one.
  ['NOT_LEADER_OR_FOLLOWER', 'unavailable', 'unknown'],
  ['NOT_LEADER_FOR_PARTITION', 'unavailable', 'unknown'],
  // Names of the future are outages, never a reason to give up.
  ['SOMETHING_NEW', 'unavailable', 'no'],
] as const)('%s means the same in both drivers: %s, written: %s', (name, code, written) => {
  expect(fromKafkajs(broker.kafkajs(name), 'writing').code).toBe(code);
  expect(fromPlatformatic(broker.platformatic(name), 'writing').code).toBe(code);
  expect(writtenByKafkajs(broker.kafkajs(name))).toBe(written);
  expect(writtenByPlatformatic(broker.platformatic(name))).toBe(written);
});

test.each([
  ['ECONNREFUSED', 'unavailable', 'no'],
  ['ECONNRESET', 'unavailable', 'unknown'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unauthorized', 'no'],
] as const)('a connection that ends with %s: %s, written: %s', (node, code, written) => {
  const wrapped = new Error('connection failed', { cause: network(node) });
  for (const [toKafkaError, writtenAfter] of [
    [fromKafkajs, writtenByKafkajs],
    [fromPlatformatic, writtenByPlatformatic],
  ] as const) {
    expect(toKafkaError(wrapped, 'writing').code).toBe(code);
    expect(writtenAfter(wrapped)).toBe(written);
  }
});

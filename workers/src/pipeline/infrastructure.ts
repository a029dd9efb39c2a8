import { KafkaError } from '@chatplatform/kafka';
import { RedisError } from '@chatplatform/redis';

/**
 * Whether an error says nothing about a record: Redis or Kafka could not do their part, whatever the
 * reason, or code that a rule calls marked its error as retryable. Such an error is waited out, never
 * blamed on a message: a wrong password must not send a log of messages to the dead letters.
 */
export function isInfrastructure(error: unknown): boolean {
  if (error instanceof RedisError || error instanceof KafkaError) return true;
  return error instanceof Error && 'retryable' in error && error.retryable === true;
}

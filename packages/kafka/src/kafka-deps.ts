import type { Clock, Random } from '@chatplatform/runtime';
import type { KafkaLogger } from './port/kafka.ts';

/** What a client of a cluster is given; time and randomness default to the system's. */
export interface KafkaDeps {
  readonly logger: KafkaLogger;
  readonly clock?: Clock;
  readonly random?: Random;
}

import type { ConsumerOptions } from '../port/consumer.ts';

/** What a consumer is like when nothing else is asked for; the reasons stand with the options. */
export const CONSUMER_DEFAULTS: Required<Omit<ConsumerOptions, 'instanceId'>> = {
  sessionTimeoutMs: 6_000,
  rebalanceTimeoutMs: 60_000,
  heartbeatIntervalMs: 1_500,
  maxWaitMs: 50,
  maxBytesPerPartition: 1024 * 1024,
  concurrency: 64,
};

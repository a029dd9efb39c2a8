import { jest } from '@jest/globals';
import { startKafka, type KafkaStore } from '@chatplatform/testkit';
import { kafkaContract } from '../contract/kafka-contract.ts';
import type { KafkaLogger } from '../port/kafka.ts';
import { connectPlatformatic } from './connect.ts';

const quiet: KafkaLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let store: KafkaStore;

jest.setTimeout(60_000);
beforeAll(async () => {
  store = await startKafka();
});
afterAll(() => store.stop());

kafkaContract('platformatic on a real broker', {
  connect: () =>
    connectPlatformatic(
      { bootstrapServers: store.bootstrapServers, clientId: 'contract' },
      { logger: quiet },
    ),
  patienceMs: 20_000,
});

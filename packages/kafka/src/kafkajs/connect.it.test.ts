import { jest } from '@jest/globals';
import { startKafka, type KafkaStore } from '@chatplatform/testkit';
import type { KafkaLogger } from '../port/kafka.ts';
import { kafkaContract } from '../contract/kafka-contract.ts';
import { connectKafka } from './connect.ts';

const quiet: KafkaLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let store: KafkaStore;

jest.setTimeout(60_000);
beforeAll(async () => {
  store = await startKafka();
});
afterAll(() => store.stop());

kafkaContract('kafkajs on a real broker', {
  connect: () =>
    connectKafka({ bootstrapServers: store.bootstrapServers, clientId: 'contract' }, { logger: quiet }),
  patienceMs: 20_000,
});

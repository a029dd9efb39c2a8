import { jest } from '@jest/globals';
import { startKafka, type KafkaStore } from '@chatplatform/testkit';
import { driverNames, drivers } from './drivers.ts';
import { kafkaContract } from './kafka-contract.ts';

jest.setTimeout(60_000);

// Every driver keeps every promise on both lines of brokers.
describe.each(['current', 'oldest'] as const)('brokers of the %s release', (release) => {
  let store: KafkaStore;
  beforeAll(async () => {
    store = await startKafka({ release });
    // The first time ever the release is fetched.
  }, 600_000);
  afterAll(() => store.stop());

  for (const driver of driverNames) {
    kafkaContract(`${driver} on a real broker`, {
      connect: () => drivers[driver]({ bootstrapServers: store.bootstrapServers, clientId: 'contract' }),
      patienceMs: 20_000,
    });
  }
});

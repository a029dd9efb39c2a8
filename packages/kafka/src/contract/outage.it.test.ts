import { jest } from '@jest/globals';
import { startKafka, type KafkaStore } from '@chatplatform/testkit';
import { driverNames, drivers } from './drivers.ts';
import { outageContract } from './outage-contract.ts';

jest.setTimeout(120_000);

let store: KafkaStore;
beforeAll(async () => {
  store = await startKafka();
});
afterAll(() => store.stop());

for (const driver of driverNames) {
  outageContract(driver, {
    store: () => store,
    connect: () => drivers[driver]({ bootstrapServers: store.bootstrapServers, clientId: 'outage' }),
  });
}

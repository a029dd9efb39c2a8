import { jest } from '@jest/globals';
import { killOne, removeOne } from '../index.ts';
import { ClusterPlatform } from './cluster-platform.ts';

/** Bringing up; two rollouts of everything. */
jest.setTimeout(30 * 60_000);

let cluster: ClusterPlatform;
beforeAll(async () => {
  cluster = await ClusterPlatform.open();
});
afterAll(() => cluster?.patch({ kafka: { driver: 'kafkajs' } }));

const to = (driver: string) => () => cluster.change({ kafka: { driver } });

test('the other Kafka driver is taken, used and left under traffic', async () => {
  const { gateways, workers } = cluster.platform;
  await cluster.judge([{ name: 'platformatic', at: 0.1, run: to('platformatic') }]);
  await cluster.judge([
    { name: 'a worker killed -9', at: 0.2, run: async () => void (await killOne(workers)) },
    { name: 'a gateway killed -9', at: 0.4, run: async () => void (await killOne(gateways)) },
    { name: 'a worker stopped', at: 0.7, run: async () => void (await removeOne(workers)) },
  ]);
  await cluster.judge([{ name: 'kafkajs', at: 0.1, run: to('kafkajs') }]);
});

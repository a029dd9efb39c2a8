import { jest } from '@jest/globals';
import { formatVerdict, runTraffic } from '@chatplatform/testkit';
import { startInProcess, type InProcessPlatform } from './in-process.ts';

jest.setTimeout(180_000);

const SEED = 23;
let platform: InProcessPlatform;
beforeEach(async () => {
  platform = await startInProcess('second-driver', {}, 'platformatic');
});
afterEach(() => platform.close());

test('with kafka.driver platformatic: a gateway, a worker and the broker are killed under traffic, and nothing is lost, doubled or reordered', async () => {
  let gateway = await platform.startGateway();
  let worker = await platform.startWorker();
  const { verdict, unsettled } = await runTraffic({
    url: platform.url,
    token: platform.token,
    clients: 8,
    rooms: 3,
    messages: 400,
    seed: SEED,
    settleMs: 30_000,
    disturbances: [
      {
        name: 'gateway killed',
        at: 0.2,
        run: async () => {
          await gateway.kill();
          gateway = await platform.startGateway();
        },
      },
      {
        name: 'worker killed',
        at: 0.4,
        run: async () => {
          await worker.kill();
          worker = await platform.startWorker();
        },
      },
      {
        name: 'broker killed',
        at: 0.6,
        run: async () => {
          await platform.stores.kafka.kill9();
          await platform.stores.kafka.restart();
        },
      },
    ],
  });
  process.stderr.write(`${formatVerdict(verdict, SEED)}\n`);
  expect(verdict.violations).toEqual([]);
  expect(unsettled).toBe(0);
});

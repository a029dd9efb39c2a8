import { jest } from '@jest/globals';
import type { Kafka } from '@chatplatform/kafka';
import { formatVerdict, runTraffic, type TrafficResult } from '@chatplatform/testkit';
import { startInProcess, type InProcessPlatform } from './in-process.ts';
import { ackBeforeKafka, commitBeforeEffect, reorderedResend, type Planted } from './planted.ts';

jest.setTimeout(180_000);

// The checker's own proof: on the same real Kafka and Redis, with the same traffic and the same kills, it is
// silent for the product and speaks up for each planted fault.

let platform: InProcessPlatform;
beforeEach(async () => {
  platform = await startInProcess(`proof${++runs}`);
});
afterEach(() => platform.close());
let runs = 0;

interface Plan {
  readonly gateway?: (healthy: Kafka) => Planted;
  readonly worker?: (healthy: Kafka) => Planted;
}

/** Traffic in which the gateway, then the worker is killed; what dies comes back healthy or as broken as before. */
async function run(plan: Plan): Promise<TrafficResult> {
  const start = <T>(kind: 'gateway' | 'worker', make: (kafka: Kafka) => Promise<T>) => {
    const broken = plan[kind]?.(platform.kafka(kind)) ?? {
      kafka: platform.kafka(kind),
      die: () => undefined,
    };
    return make(broken.kafka).then((program) => ({ program, die: broken.die }));
  };
  const startGateway = () => start('gateway', (kafka) => platform.startGateway(kafka));
  const startWorker = () => start('worker', (kafka) => platform.startWorker(kafka));
  let gateway = await startGateway();
  let worker = await startWorker();
  const result = await runTraffic({
    url: platform.url,
    token: platform.token,
    clients: 8,
    rooms: 3,
    messages: 400,
    seed: 11,
    settleMs: 15_000,
    disturbances: [
      {
        name: 'gateway killed',
        at: 0.3,
        run: async () => {
          gateway.die();
          await gateway.program.kill();
          gateway = await startGateway();
        },
      },
      {
        name: 'worker killed',
        at: 0.6,
        run: async () => {
          worker.die();
          await worker.program.kill();
          worker = await startWorker();
        },
      },
    ],
  });
  process.stderr.write(`${formatVerdict(result.verdict, 11)}\n`);
  return result;
}

test('the product is found clean', async () => {
  const { verdict, unsettled } = await run({});
  expect(verdict.violations).toEqual([]);
  expect(unsettled).toBe(0);
});

test('an ack before Kafka has the record is found', async () => {
  const { verdict } = await run({ gateway: ackBeforeKafka });
  expect(verdict.broken.lost).toBeGreaterThan(0);
});

test('a commit before the effect is found', async () => {
  const { verdict } = await run({ worker: commitBeforeEffect });
  expect(verdict.broken.lost).toBeGreaterThan(0);
});

test('a resend that overtakes is found', async () => {
  const { verdict } = await run({ gateway: reorderedResend });
  expect(verdict.clean).toBe(false);
});

import type { ProgramProcess } from '../../harness/program-process.ts';
import { holds, sleep, type Fault, type FaultContext } from '../fault.ts';
import { readMetrics } from '../metric.ts';

/** A drain of ten thousand clients at the budget of five hundred a second, and then some. */
const DRAIN_MS = 120_000;
const REBALANCES = 10;
/** Beside the thousand that talk, to be ten thousand in all. */
const TEN_THOUSAND = 9;

/** Gateways and workers that stop, die and come. */
export const PROGRAM_FAULTS: readonly Fault[] = [
  {
    name: 'gateway-drain',
    title: 'SIGTERM: a gateway drains under traffic, ten times as many clients connected',
    platform: { drainSeconds: 90 },
    idlePerClient: TEN_THOUSAND,
    happen: async ({ platform, say }) => {
      const victim = await fullest(platform.gateways);
      const began = performance.now();
      await victim.end(DRAIN_MS);
      say(`${victim.name} drained in ${((performance.now() - began) / 1000).toFixed(1)} s`);
      await victim.start();
    },
  },
  {
    name: 'gateway-kill',
    title: 'SIGKILL: a gateway',
    happen: async ({ platform, random }) => {
      const victim = await fullest(platform.gateways);
      await victim.kill9();
      // Clients dial again at once: some find one gateway only, some both.
      await sleep(2000 * random.next());
      await victim.start();
    },
  },
  {
    name: 'gateway-kill-while-draining',
    title: 'SIGKILL: a gateway in the middle of its drain',
    happen: async ({ platform, random }) => {
      const victim = await fullest(platform.gateways);
      victim.terminate();
      await sleep(50 + 500 * random.next());
      if (!victim.running) throw new Error(`${victim.name} had drained before it was killed`);
      await victim.kill9();
      await victim.start();
    },
  },
  {
    name: 'worker-kill',
    title: 'SIGKILL: both workers, one after the other, in mid-batch',
    happen: async ({ platform, random }) => {
      for (const victim of platform.workers.slice(0, 2)) {
        await victim.kill9();
        await sleep(1000 * random.next());
        await victim.start();
        await sleep(3000);
      }
    },
  },
  {
    name: 'rebalances',
    title: '10 rebalances of the workers',
    happen: async ({ platform, random }) => {
      // Each new member and each one that leaves makes the group share out anew.
      for (let count = 0; count < REBALANCES / 2; count += 1) {
        const guest = await platform.startWorker();
        await sleep(500 + 1500 * random.next());
        await guest.end(DRAIN_MS);
        platform.workers.splice(platform.workers.indexOf(guest), 1);
        await sleep(500 * random.next());
      }
    },
  },
  {
    name: 'clock-skew',
    title: 'Clocks ten minutes ahead (a gateway) and behind (a worker); clients move between gateways',
    platform: {
      nodeArgs: (name) => {
        if (name === 'gateway-2') return skewedBy(SKEW_MS);
        return name === 'worker-1' ? skewedBy(-SKEW_MS) : [];
      },
    },
    happen: async ({ platform }) => {
      for (const victim of platform.gateways) {
        await victim.end(DRAIN_MS);
        await victim.start();
      }
    },
  },
  {
    name: 'reconnect-storm',
    title: 'SIGKILL: all gateways at once; ten times as many clients come back',
    idlePerClient: TEN_THOUSAND,
    happen: async (context) => {
      const { gateways } = context.platform;
      context.crowd.lost.clear();
      await Promise.all(gateways.map((gateway) => gateway.kill9()));
      await Promise.all(gateways.map((gateway) => gateway.start()));
      await allBack(context);
    },
  },
];

const SKEW_MS = 600_000;

function skewedBy(ms: number): string[] {
  return ['--import', `${new URL('../skewed-clock.ts', import.meta.url).href}?ms=${ms}`];
}

/** Ten thousand reconnects at the platform's pace, on a machine that is busy with them. */
const BACK_MS = 180_000;

/** Waits until every client has lost its connection and has another. */
async function allBack({ crowd, say }: FaultContext): Promise<void> {
  const began = performance.now();
  await holds(
    () => crowd.lost.size === crowd.size && crowd.away.size === 0,
    BACK_MS,
    () =>
      `of ${crowd.size} clients ${crowd.lost.size} lost their connection and ${crowd.away.size} did not come back`,
  );
  say(`${crowd.size} clients are back after ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

/** The gateway with most clients: one that was started again in the round before may have none. */
async function fullest(gateways: readonly ProgramProcess[]): Promise<ProgramProcess> {
  const sizes = await Promise.all(
    gateways.map(async ({ admin }) => (await readMetrics(admin)).sum('chat_gateway_connections')),
  );
  return gateways[sizes.indexOf(Math.max(...sizes))] as ProgramProcess;
}

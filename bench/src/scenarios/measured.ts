import type { PublishPlan } from '../load/crowd.ts';
import { cpuBetween, cpuOf } from '../measure/processes.ts';
import type { Session } from './session.ts';
import { verdictOf, type Sample } from './scenario.ts';

const MILLION = 1e6;

/** What one stretch of load gave. */
export type Measured = Pick<Sample, 'values' | 'verdict'>;

/** Publishes by plan and measures deliveries, delays, and CPU of every process of the target. */
export async function measured({ running, load }: Session, plan: PublishPlan): Promise<Measured> {
  const before = cpuOf(running.pids);
  const receivedBefore = await load.received();
  const began = performance.now();
  await load.publish(plan);
  const report = await load.report();
  const seconds = (performance.now() - began) / 1000;
  const used = cpuBetween(before, cpuOf(running.pids));
  const deliveries = report.received - receivedBefore;
  const all = Object.values(used).reduce((total, value) => total + value, 0);
  const edge = used['edge'] ?? 0;
  const perMillion = (cpu: number): number => (cpu * MILLION) / deliveries;
  return {
    values: {
      'edge CPU s per million': perMillion(edge),
      'all CPU s per million': perMillion(all),
      'deliveries per s': deliveries / seconds,
      'edge busy share': edge / seconds,
      'p50 ms': report.delays.p50,
      'p95 ms': report.delays.p95,
      'p99 ms': report.delays.p99,
      'max ms': report.delays.max,
      'load CPU share': report.effort.cpuShare,
      'load lag p99 ms': report.effort.lagP99,
    },
    verdict: verdictOf(report),
  };
}

/** Code is compiled and caches are warm after this; its delays are not counted. */
export async function warmedUp({ load }: Session, ...plans: PublishPlan[]): Promise<void> {
  await load.publishers([...new Set(plans.flatMap(({ rooms }) => rooms))]);
  for (const plan of plans) {
    await load.publish(plan);
    await load.report();
  }
}

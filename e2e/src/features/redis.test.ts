import { jest } from '@jest/globals';
import { until } from '../index.ts';
import { anySeed, ClusterPlatform, say } from './cluster-platform.ts';

/** Bringing up; the traffic. */
jest.setTimeout(15 * 60_000);

/** What is promised for a Redis that is made anew. */
const BACK_MS = 120_000;

test('all pods of Redis are deleted under traffic: it is there again within two minutes, and nothing is missed', async () => {
  const cluster = await ClusterPlatform.open();
  // With rules the log would be no proof of what the lost history held.
  await cluster.change({ workers: { rules: null } });
  const selector = ['-l', 'chatplatform.dev/component=redis'];
  const before = [...(await cluster.addresses('redis')).keys()];
  const seed = anySeed();
  let back = 0;
  const deleted = async (): Promise<void> => {
    const at = performance.now();
    await cluster.kubectl.run('delete', 'pods', ...selector, '--grace-period=0', '--force', '--wait=false');
    await until('another Redis', BACK_MS, async () => {
      const ready = await cluster.kubectl.run(
        ...[
          'get',
          'pods',
          ...selector,
          '-o',
          'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}',
        ],
      );
      const pods = [...(await cluster.addresses('redis')).keys()];
      return ready === 'True' && pods.length > 0 && !pods.some((pod) => before.includes(pod));
    });
    back = performance.now() - at;
  };
  await cluster.judge([{ name: 'Redis deleted', at: 0.3, run: deleted }], { seed, settleMs: BACK_MS });
  say(`Redis was ready again after ${(back / 1000).toFixed(1)} s`);
  expect(back).toBeLessThan(BACK_MS);
  // The same rooms, by people who come new: what the rooms were before is known again.
  await cluster.judge([], { seed, messages: 200 });
});

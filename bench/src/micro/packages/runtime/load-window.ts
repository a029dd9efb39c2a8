import { bench, group } from 'mitata';
import { LoadWindow, loopUtilization } from '../../../../../packages/runtime/src/load-window.ts';

const utilization = loopUtilization();
const window = new LoadWindow({ idleShare: 0.5, busyShare: 0.9, maxMs: 20 });

/** What `packages/runtime/load-window` costs per call. */
export function loadWindow(): void {
  group('packages/runtime/load-window', () => {
    bench('sample', () => window.sample(utilization()));
  });
}

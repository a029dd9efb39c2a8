import { bench, group } from 'mitata';
import { FlushWindow, loopUtilization } from '../../../../../gateway/src/rooms/flush-window.ts';

const window = new FlushWindow(loopUtilization());

/** What `gateway/rooms/flush-window` costs per call. */
export function flushWindow(): void {
  group('gateway/rooms/flush-window', () => {
    bench('sample', () => window.sample());
  });
}

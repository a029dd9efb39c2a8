import { formatPosition, gapVerdict, parsePosition } from '@chatplatform/protocol';
import { bench, group } from 'mitata';

const EPOCH = 'abc123';
const [BEFORE, ID] = [formatPosition(EPOCH, 5, 41), formatPosition(EPOCH, 5, 42)];

/** What `packages/protocol/position` costs per call. */
export function positions(): void {
  group('packages/protocol/position', () => {
    bench('formatPosition', () => formatPosition(EPOCH, 5, 42));
    bench('parsePosition', () => parsePosition(ID));
    bench('gapVerdict, unbroken', () => gapVerdict(BEFORE, ID, BEFORE));
  });
}

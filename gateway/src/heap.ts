import { setFlagsFromString } from 'node:v8';

/**
 * How far the heap may grow above what was alive at the last full collection before the next one, percent. V8 chooses up
 * to 300, and what a crowd of clients left behind when it connected then stays for hours: 16 KB a connection instead of 6
 * (`bench`, idle). Fan-out costs the same CPU with both.
 */
const GROWTH_PERCENT = 20;

/** Makes the memory of this process follow its connections; for a process that is a gateway and nothing else. */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}

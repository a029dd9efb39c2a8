import { LeaseSweep, type Gateways, type Presence } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Differences } from './differences.ts';

/** What sweeping needs. */
export interface SweeperOptions {
  gateways: Gateways;
  presence: Presence;
  differences: Differences;
  clock: Clock;
}

/** Clears what dead gateways left, and tells the rooms who went with them. */
export function sweeper({ gateways, presence, differences, clock }: SweeperOptions): LeaseSweep {
  return new LeaseSweep({
    gateways,
    clock,
    tell: async (room, left) => {
      const occ = await presence.count(room);
      for (const user of left) differences.note(room, user, { here: false, occ });
    },
  });
}

import { CLIENT_TROUBLES } from './client-troubles.ts';
import { GATEWAY_TROUBLES } from './gateway-troubles.ts';
import { JOINT_TROUBLES } from './joint-troubles.ts';
import { STORE_TROUBLES } from './store-troubles.ts';
import type { Trouble } from './trouble.ts';
import { WORKER_TROUBLES } from './worker-troubles.ts';

/** Everything that can happen. */
export const TROUBLES: readonly Trouble[] = [
  ...CLIENT_TROUBLES,
  ...GATEWAY_TROUBLES,
  ...WORKER_TROUBLES,
  ...STORE_TROUBLES,
  ...JOINT_TROUBLES,
];

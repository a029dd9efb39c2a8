import { CLIENT_MISTAKES } from './client-mistakes.ts';
import { GATEWAY_MISTAKES } from './gateway-mistakes.ts';
import type { PlantedFault } from './planted-fault.ts';
import { VALUE_MISTAKES } from './value-mistakes.ts';
import { WORKER_MISTAKES } from './worker-mistakes.ts';

/** Mistakes that the simulation must find. Where the product has a second net below the one that is cut, both are. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  ...WORKER_MISTAKES,
  ...GATEWAY_MISTAKES,
  ...CLIENT_MISTAKES,
  ...VALUE_MISTAKES,
];

import type { PlantedFault } from './planted-fault.ts';

/** Mistakes that the simulation must find. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [];

import type { Fault } from '../fault.ts';
import { CLIENT_FAULTS } from './clients.ts';
import { HOSTILE_FAULTS } from './hostile.ts';
import { PROGRAM_FAULTS } from './programs.ts';
import { STORE_FAULTS } from './stores.ts';

/** The fault matrix of the data plane, in the order of its table. */
export const FAULTS: readonly Fault[] = [
  ...PROGRAM_FAULTS,
  ...STORE_FAULTS,
  ...CLIENT_FAULTS,
  ...HOSTILE_FAULTS,
];

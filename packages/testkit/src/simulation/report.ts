import { formatVerdict } from '../checker/index.ts';
import type { SimulationResult } from './simulation.ts';

/** A run for people, without its trace. */
export function reportOf(result: SimulationResult): string[] {
  return [
    formatVerdict(result.verdict, result.seed),
    ...result.complaints.map((complaint) => `  complaint: ${complaint}`),
    '  schedule:',
    ...result.schedule.map((line) => `    ${line}`),
    `  ${result.events} events in ${Math.round(result.lastedMs)} simulated ms; hash ${result.hash}`,
  ];
}

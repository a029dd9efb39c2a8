import type { LoadReport } from '../load/crowd.ts';
import { isSaturated } from '../load/effort.ts';
import type { PlatformUnderTest } from '../targets/chat-platform.ts';
import type { Target } from '../targets/target.ts';

/** What a scenario works with. */
export interface Bench {
  /** Interleaved in this order, round by round. */
  readonly targets: readonly Target[];
  /** The same with a log and a store behind each that can have them, for what a platform does as a whole. */
  readonly durable: readonly Target[];
  readonly platform: PlatformUnderTest;
  /** Signs the tokens of clients. */
  readonly key: string;
  readonly rounds: number;
  /** 1 = as published; less = smaller, to see that it works. */
  readonly scale: number;
  note(line: string): void;
}

/** One measurement of one target: numbers by name, with their unit in the name. */
export interface Sample {
  readonly target: string;
  readonly round: number;
  readonly values: Readonly<Record<string, number>>;
  readonly verdict: string;
}

/** A question and how it is answered. */
export interface Scenario {
  readonly name: string;
  /** One sentence: what is done and what is equal for all. */
  readonly about: string;
  run(bench: Bench): Promise<Sample[]>;
}

/** Runs `measure` for every target in turn, round by round, so that a slow minute of the machine meets all. */
export async function interleaved(
  bench: Bench,
  targets: readonly Target[],
  measure: (target: Target, round: number) => Promise<Sample[]>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const target of targets) {
      const taken = await measure(target, round);
      for (const { target: name, values, verdict } of taken) {
        const numbers = Object.entries(values).map(
          ([key, value]) => `${key} ${Number(value.toPrecision(4))}`,
        );
        bench.note(`  round ${round} ${name}: ${numbers.join(', ')}; ${verdict}`);
      }
      samples.push(...taken);
    }
  }
  return samples;
}

/** In a verdict: the figures say more about the load generator than about the server. */
export const SATURATED = 'load generator saturated';

/** The checker's word on a load run: counts, and `clean` only if every member got every message once, in order. */
export function verdictOf(report: LoadReport): string {
  const { published, acked, refused, received, lost, doubled, reordered, closed } = report;
  const faults = { refused, unanswered: published - acked - refused, lost, doubled, reordered, closed };
  const broken = Object.entries(faults).filter(([, count]) => count !== 0);
  const counts = `${published} published, ${received} delivered`;
  if (broken.length === 0) return `clean (${counts})${isSaturated(report.effort) ? `, ${SATURATED}` : ''}`;
  const words = broken.map(([name, count]) => `${count} ${name}`).join(', ');
  return `NOT CLEAN: ${words} (${counts})${report.refusals.map((text) => `; ${text}`).join('')}`;
}

/** At least 1, so that a small run still does something. */
export function scaled(bench: Bench, value: number): number {
  return Math.max(1, Math.round(value * bench.scale));
}

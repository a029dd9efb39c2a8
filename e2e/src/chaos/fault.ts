import type { Random } from '@chatplatform/runtime';
import type { ProcessPlatform, ProcessPlatformOptions } from '../harness/process-platform.ts';
import type { Crowd } from './crowd.ts';
import type { HostOptions } from './host-talk.ts';

/** What a fault may lay hands on. */
export interface FaultContext {
  readonly platform: ProcessPlatform;
  /** Decides who suffers and when; the same seed, the same decisions. */
  readonly random: Random;
  readonly crowd: Crowd;
  /** A room in which messages flow. */
  readonly room: string;
  /** Says what happens, on standard error. */
  readonly say: (text: string) => void;
}

/** One row of the fault matrix. */
export interface Fault {
  readonly name: string;
  /** For the table of results. */
  readonly title: string;
  readonly platform?: ProcessPlatformOptions;
  /** Other clients than usual; called when the platform serves. */
  readonly hosts?: (platform: ProcessPlatform) => Promise<Partial<HostOptions>>;
  /** Ends what `hosts` made. */
  readonly afterwards?: (platform: ProcessPlatform) => void;
  /** Clients beside those that talk, which are only connected: so many for each of them. */
  readonly idlePerClient?: number;
  /**
   * Happens while messages flow, once in each round. It proves that it happened, leaves the platform as it found it,
   * and @throws when the platform did not do what is to be seen beside the checker's verdict.
   */
  readonly happen: (context: FaultContext) => Promise<void>;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const LOOK_MS = 50;

/** Waits until it holds. @throws with what `missing` says when it does not in time */
export async function holds(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  missing: () => string,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`after ${withinMs / 1000} s ${missing()}`);
    await sleep(LOOK_MS);
  }
}

/** One of them, drawn. @throws when there is none */
export function draw<T>(random: Random, all: readonly T[]): T {
  const chosen = all[Math.floor(random.next() * all.length)];
  if (chosen === undefined) throw new Error('there is nothing to choose from');
  return chosen;
}

import { setImmediate, setTimeout } from 'node:timers/promises';
import { nowUs } from './payload.ts';

/** A timer may fire this much late; the rest is spent looking at the clock. */
const TIMER_MS = 2;
/**
 * Only when there is so much time between two events: a process that always looks at the clock takes a whole core from
 * the servers beside it. What is due more often is sent by a timer, up to a millisecond late, which counts as delay.
 */
const WATCHED_FROM_US = 8000;
const US = 1000;
const SECOND_US = 1_000_000;

/** When things are due: an open loop, which waits for no answer. */
export interface Pace {
  /** Events per second. */
  readonly perSecond: number;
  /** How many happen at the same moment. Default 1. */
  readonly burst?: number;
  readonly count: number;
}

/**
 * Calls `act` for each event at, or as soon as possible after, the moment it was due, which it is told (µs). A late
 * start is so part of what is measured, and a stalled server cannot slow the schedule down.
 */
export async function paced(pace: Pace, act: (index: number, dueUs: number) => void): Promise<void> {
  const burst = pace.burst ?? 1;
  const everyUs = (SECOND_US / pace.perSecond) * burst;
  const startUs = nowUs();
  for (let index = 0; index < pace.count; ) {
    const dueUs = startUs + Math.floor(index / burst) * everyUs;
    await until(dueUs, everyUs >= WATCHED_FROM_US);
    for (let member = 0; member < burst && index < pace.count; member += 1, index += 1) act(index, dueUs);
  }
}

async function until(dueUs: number, watched: boolean): Promise<void> {
  for (let leftUs = dueUs - nowUs(); leftUs > 0; leftUs = dueUs - nowUs()) {
    // Reads and writes go on while it waits, also in the last moment.
    if (!watched) await setTimeout(leftUs / US);
    else if (leftUs > TIMER_MS * US) await setTimeout(leftUs / US - TIMER_MS);
    else await setImmediate();
  }
}

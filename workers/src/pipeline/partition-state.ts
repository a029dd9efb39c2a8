import type { Generation } from '@chatplatform/redis';
import { Checkpoints } from './checkpoints.ts';

/** How far a lost keyspace goes back: writes of the last minutes may be in no replica. */
export const LOST_REWIND_MS = 600_000;
/** How far every assignment and every `BEHIND` goes back: more than an asynchronous replica may lag. */
export const REWIND_MS = 60_000;

/** Why a partition is read again. */
export type RewindReason = 'assignment' | 'behind' | 'store-lost';

/** What a pipeline remembers of one partition while it holds it. */
export class PartitionState {
  readonly topic: string;
  readonly partition: number;
  readonly tenure: number;
  /** Records below are re-applied: their effects were complete before, only what was lost is made again. */
  floor: number;
  /** The next batch is read for the time of its first record only, to know how far to go back. */
  measuring = false;
  /** How far to go back before the next record is applied, ms; 0 = go on. */
  rewindMs = 0;
  /** How far back the reading went that has not come up to the floor again, ms; 0 = it is at the floor. */
  replayMs = 0;
  /** Why it goes back. */
  reason: RewindReason = 'assignment';
  /** Name of the generation of the store in which this partition is known to be rebuilt. */
  rebuiltIn: string | undefined;
  /** The generation in which it will be, once the replay under way has come up to the floor. */
  rebuildingIn: Generation | undefined;
  /** The offset from which on the store has it all; `undefined` until something is applied in a new generation. */
  horizon: number | undefined;
  readonly checkpoints = new Checkpoints(LOST_REWIND_MS);

  constructor(at: { topic: string; partition: number; tenure: number; floor: number }) {
    this.topic = at.topic;
    this.partition = at.partition;
    this.tenure = at.tenure;
    this.floor = at.floor;
  }

  /** Has the next batch lead back by `ms`, or further if that was due already or is under way. */
  goBack(ms: number, reason: RewindReason): void {
    this.measuring = false;
    const dueMs = Math.max(ms, this.replayMs);
    if (dueMs <= this.rewindMs) return;
    this.rewindMs = dueMs;
    this.reason = reason;
  }

  /** The reading went back as it was to. */
  wentBack(ms: number): void {
    this.measuring = false;
    this.rewindMs = 0;
    this.replayMs = Math.max(ms, this.replayMs);
  }
}

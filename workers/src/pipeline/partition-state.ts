import { Checkpoints } from './checkpoints.ts';

/** How far a lost keyspace goes back: writes of the last minutes may be in no replica. */
export const LOST_REWIND_MS = 600_000;
/** How far every assignment and every `BEHIND` goes back: more than an asynchronous replica may lag. */
export const REWIND_MS = 60_000;

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
  readonly checkpoints = new Checkpoints(LOST_REWIND_MS);

  constructor(at: { topic: string; partition: number; tenure: number; floor: number }) {
    this.topic = at.topic;
    this.partition = at.partition;
    this.tenure = at.tenure;
    this.floor = at.floor;
  }
}

import type { Clock, Timer } from '@chatplatform/runtime';
import type { KafkaLogger } from '../port/kafka.ts';

/**
 * Between two commits of one partition, ms. Each is a request and a record in a log of the brokers, and no batch has to
 * wait for it; what a successor does again after a death is as little as this.
 */
const COMMIT_EVERY_MS = 100;

/** A partition up to which everything is done, and how to tell the group. */
export interface Progress {
  readonly topic: string;
  readonly partition: number;
  /** In whose hands it is: nothing of one tenure is told under another. */
  readonly tenure: object;
  /** The next offset to read. */
  readonly next: number;
  isHeld(): boolean;
  write(next: number): Promise<void>;
}

interface Entry {
  progress: Progress;
  /** Up to where the group knows. */
  written: number | undefined;
  /** Monotonic ms of the last attempt. */
  at: number;
  timer: Timer | undefined;
  flying: Promise<void> | undefined;
}

/**
 * Commits behind the batches: the first at once, then at most one per partition and {@link COMMIT_EVERY_MS}, always the
 * newest. Never two of a partition at a time, so that none goes back.
 */
export class Commits {
  readonly #clock: Clock;
  readonly #logger: Pick<KafkaLogger, 'debug'>;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, logger: Pick<KafkaLogger, 'debug'>) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Tells the group soon. */
  note(progress: Progress): void {
    this.#plan(this.#entryOf(progress));
  }

  /** Tells the group now; rejects when it does not take it. */
  async now(progress: Progress): Promise<void> {
    const entry = this.#entryOf(progress);
    await this.#landed(entry);
    await this.#fly(entry).finally(() => this.#cancel(entry));
  }

  /** Tells the group what it was not told yet, once; resolves also when it does not take it. */
  async flush(): Promise<void> {
    await Promise.all(Array.from(this.#entries.values(), (entry) => this.#flush(entry)));
  }

  #entryOf(progress: Progress): Entry {
    const key = `${progress.topic}/${progress.partition}`;
    let entry = this.#entries.get(key);
    if (entry?.progress.tenure !== progress.tenure) {
      entry?.timer?.cancel();
      entry = { progress, written: undefined, at: -Infinity, timer: undefined, flying: undefined };
      this.#entries.set(key, entry);
    }
    entry.progress = progress;
    return entry;
  }

  #plan(entry: Entry): void {
    if (entry.timer !== undefined || entry.flying !== undefined || !isDue(entry)) return;
    const wait = entry.at + COMMIT_EVERY_MS - this.#clock.monotonic();
    if (wait <= 0) {
      this.#try(entry);
      return;
    }
    entry.timer = this.#clock.setTimeout(() => {
      entry.timer = undefined;
      if (isDue(entry)) this.#try(entry);
    }, wait);
  }

  /** What fails is tried again with what comes next: that the membership is over is told by heartbeats. */
  #try(entry: Entry): void {
    const { topic, partition, next } = entry.progress;
    this.#fly(entry).then(
      () => this.#plan(entry),
      (error: unknown) => {
        this.#logger.debug({ err: error, topic, partition, next }, 'a commit was not taken');
        this.#plan(entry);
      },
    );
  }

  async #flush(entry: Entry): Promise<void> {
    await this.#landed(entry);
    // Who cannot be told any more reads it again, or somebody else does.
    if (isDue(entry)) await this.#fly(entry).catch(() => undefined);
    this.#cancel(entry);
  }

  /** Resolves when nothing of a partition is under way or planned. */
  async #landed(entry: Entry): Promise<void> {
    do {
      this.#cancel(entry);
      await entry.flying;
    } while (entry.flying !== undefined);
  }

  #cancel(entry: Entry): void {
    entry.timer?.cancel();
    entry.timer = undefined;
  }

  async #fly(entry: Entry): Promise<void> {
    const { next } = entry.progress;
    entry.at = this.#clock.monotonic();
    const written = entry.progress.write(next);
    entry.flying = written.catch(() => undefined);
    try {
      await written;
      entry.written = next;
    } finally {
      entry.flying = undefined;
    }
  }
}

/** The group does not know everything, and still asks this member. */
function isDue({ progress, written }: Entry): boolean {
  return progress.isHeld() && written !== progress.next;
}

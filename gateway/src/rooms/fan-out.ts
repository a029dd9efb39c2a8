import type { Broadcaster } from '../server/socket.ts';

/** Frames stay below this, well under the size from which uWebSockets leaves its batched write path. */
export const MAX_FRAME_BYTES = 16 * 1024;

/** Runs `fn` once: after `ms`, or with 0 at the end of this turn of the event loop. */
export type Schedule = (fn: () => void, ms: number) => void;

interface Batch {
  lines: string[];
  bytes: number;
}

/** What fan-out needs. */
export interface FanOutOptions {
  broadcaster: Broadcaster;
  /** Milliseconds to collect lines, asked when a batch begins. */
  windowMs: () => number;
  schedule: Schedule;
  /** Told per published frame: lines in it and sockets it went to. */
  onFrame: (lines: number, sockets: number) => void;
}

/**
 * Collects the lines of a topic for one window and publishes them as one frame of several lines, encoded once for
 * all sockets: a socket write of its own costs six times as much per delivery as a shared one.
 * Lines of one topic leave in the order they were added.
 */
export class FanOut {
  readonly #options: FanOutOptions;
  #batches = new Map<string, Batch>();
  #scheduled = false;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  add(topic: string, line: string): void {
    const bytes = Buffer.byteLength(line) + 1;
    let batch = this.#batches.get(topic);
    if (batch !== undefined && batch.bytes + bytes > MAX_FRAME_BYTES) {
      this.flush(topic);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = { lines: [], bytes: 0 };
      this.#batches.set(topic, batch);
    }
    batch.lines.push(line);
    batch.bytes += bytes;
    this.#arm();
  }

  /** Publishes what waits for `topic` now; a joining socket is subscribed right after, in the same turn. */
  flush(topic: string): void {
    const batch = this.#batches.get(topic);
    if (batch === undefined) return;
    this.#batches.delete(topic);
    this.#publish(topic, batch);
  }

  flushAll(): void {
    this.#scheduled = false;
    const batches = this.#batches;
    this.#batches = new Map();
    for (const [topic, batch] of batches) this.#publish(topic, batch);
  }

  #arm(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.schedule(() => this.flushAll(), this.#options.windowMs());
  }

  #publish(topic: string, batch: Batch): void {
    const { broadcaster, onFrame } = this.#options;
    const sockets = broadcaster.subscribers(topic);
    if (sockets > 0) broadcaster.publish(topic, batch.lines.join('\n'));
    onFrame(batch.lines.length, sockets);
  }
}

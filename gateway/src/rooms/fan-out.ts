import type { Broadcaster } from '../server/socket.ts';

/** Frames stay below this, well under the size from which uWebSockets leaves its batched write path. */
export const MAX_FRAME_BYTES = 16 * 1024;

/** Runs `fn` once: after `ms`, or with 0 at the end of this turn of the event loop. */
export type Schedule = (fn: () => void, ms: number) => void;

interface Batch {
  /** A line that a newer one of the same key replaced is undefined. */
  lines: (string | undefined)[];
  bytes: number;
  /** Where the line of a key is. */
  keys: Map<string, number> | undefined;
}

/** What fan-out needs. */
export interface FanOutOptions {
  broadcaster: Broadcaster;
  /** Milliseconds to collect lines, asked when a batch begins. */
  windowMs: () => number;
  schedule: Schedule;
  /** Told per published frame: lines in it, sockets it went to, and its topic. */
  onFrame: (lines: number, sockets: number, topic: string) => void;
}

/**
 * Collects the lines of a topic for one window and publishes them as one frame of several lines, encoded once for
 * all sockets: a socket write of its own costs six times as much per delivery as a shared one.
 * Lines of one topic leave in the order they were added; of lines with the same key only the newest leaves.
 */
export class FanOut {
  readonly #options: FanOutOptions;
  #batches = new Map<string, Batch>();
  #scheduled = false;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  /** @param key only the newest line of a key is owed; lines without one are all sent */
  add(topic: string, line: string, key?: string): void {
    const bytes = Buffer.byteLength(line) + 1;
    let batch = this.#batches.get(topic);
    if (batch !== undefined && key !== undefined) replaceKey(batch, key);
    if (batch !== undefined && batch.bytes + bytes > MAX_FRAME_BYTES) {
      this.flush(topic);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = { lines: [], bytes: 0, keys: undefined };
      this.#batches.set(topic, batch);
    }
    if (key !== undefined) (batch.keys ??= new Map()).set(key, batch.lines.length);
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
    const lines = batch.keys === undefined ? batch.lines : batch.lines.filter((line) => line !== undefined);
    // Its only line was replaced, and what replaced it did not fit in.
    if (lines.length === 0) return;
    const sockets = broadcaster.subscribers(topic);
    if (sockets > 0) broadcaster.publish(topic, lines.join('\n'));
    onFrame(lines.length, sockets, topic);
  }
}

/** Takes the line of `key` out of what waits. */
function replaceKey(batch: Batch, key: string): void {
  const at = batch.keys?.get(key);
  const line = at === undefined ? undefined : batch.lines[at];
  if (at === undefined || line === undefined) return;
  batch.bytes -= Buffer.byteLength(line) + 1;
  batch.lines[at] = undefined;
}

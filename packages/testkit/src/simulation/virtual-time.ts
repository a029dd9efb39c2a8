import type { Timer } from '@chatplatform/runtime';

interface Event {
  readonly due: number;
  readonly order: number;
  fn: (() => void) | undefined;
}

/** Steps of time in a millisecond. Sums of such times are exact, so what was planned for one moment meets there. */
const STEPS = 1_024;

/** The moment of simulated time next to `ms`. */
export function momentOf(ms: number): number {
  return Math.round(ms * STEPS) / STEPS;
}

/** Events between two looks of the real event loop: often enough that a caller's own timers and signals are heard. */
const BREATH = 5_000;
// Taken before a run replaces them.
const { nextTick } = process;
const realImmediate = setImmediate;

/**
 * The only clock of a simulated world. Time stands still while code runs and jumps to the next event when every
 * promise has moved as far as it can, so a run depends on nothing but its seed.
 */
export class VirtualTime {
  #now = 0;
  #order = 0;
  #events = 0;
  readonly #heap: Event[] = [];

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** Calls `fn` once after `ms`; what is due at the same moment happens in the order it was asked for. */
  after(ms: number, fn: () => void): Timer {
    const event: Event = { due: momentOf(this.#now + Math.max(0, ms)), order: this.#order++, fn };
    this.#push(event);
    return {
      cancel: () => {
        event.fn = undefined;
      },
    };
  }

  /** Lets time pass until `done` says so or nothing is left to happen. Rejects with what an event throws. */
  run(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        if (done()) {
          resolve();
          return;
        }
        const fn = this.#pop();
        if (fn === undefined) {
          resolve();
          return;
        }
        try {
          fn();
        } catch (error) {
          reject(error);
          return;
        }
        // A tick asked for by a promise comes when no promise can move any further. (One asked for by a tick would
        // come before any promise moves.)
        if (this.#events % BREATH === 0) realImmediate(step);
        else queueMicrotask(() => nextTick(step));
      };
      step();
    });
  }

  #pop(): (() => void) | undefined {
    for (let event = this.#take(); event !== undefined; event = this.#take()) {
      if (event.fn === undefined) continue;
      this.#now = event.due;
      this.#events += 1;
      return event.fn;
    }
    return undefined;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #take(): Event | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!before(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function before(a: Event, b: Event): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

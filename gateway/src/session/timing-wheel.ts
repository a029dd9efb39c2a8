import type { Clock, Timer } from '@chatplatform/runtime';

/** A place in the wheel. */
export interface WheelEntry {
  /** Tick at which it is due; moved lazily when the entry was put off. */
  due: number;
  /** Calls what was added with its subject. */
  fire(): void;
  slot: Set<WheelEntry> | undefined;
}

/** With a function that all subjects share an entry costs a third of one with a closure of its own. */
class SubjectEntry<Subject> implements WheelEntry {
  due = 0;
  slot: Set<WheelEntry> | undefined;
  readonly #onDue: (subject: Subject) => void;
  readonly #subject: Subject;

  constructor(onDue: (subject: Subject) => void, subject: Subject) {
    this.#onDue = onDue;
    this.#subject = subject;
  }

  fire(): void {
    this.#onDue(this.#subject);
  }
}

/** Heartbeats need no more precision than this, and ten turns per second cost nothing. */
const TICK_MS = 100;
/** 51 s in one round: longer than any heartbeat; later ones go round again. */
const SLOTS = 512;

/** One timer for all connections instead of one each: setting and putting off costs a few instructions. */
export class TimingWheel {
  readonly #clock: Clock;
  readonly #slots: Set<WheelEntry>[] = Array.from({ length: SLOTS }, () => new Set<WheelEntry>());
  readonly #origin: number;
  #tick = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#origin = clock.monotonic();
  }

  start(): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#turn();
      this.start();
    }, TICK_MS);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Calls `onDue` with `subject` once, `ms` from now (within a tenth of a second). */
  add<Subject>(ms: number, onDue: (subject: Subject) => void, subject: Subject): WheelEntry {
    const entry = new SubjectEntry(onDue, subject);
    this.#place(entry, ms);
    return entry;
  }

  remove(entry: WheelEntry): void {
    entry.slot?.delete(entry);
    entry.slot = undefined;
  }

  #place(entry: WheelEntry, ms: number): void {
    entry.due = Math.max(this.#tick + 1, Math.ceil((this.#clock.monotonic() - this.#origin + ms) / TICK_MS));
    entry.slot = this.#slots[entry.due % SLOTS] as Set<WheelEntry>;
    entry.slot.add(entry);
  }

  #turn(): void {
    const now = Math.floor((this.#clock.monotonic() - this.#origin) / TICK_MS);
    while (this.#tick < now) {
      this.#tick += 1;
      for (const entry of this.#slots[this.#tick % SLOTS] as Set<WheelEntry>) {
        if (entry.due > this.#tick) continue;
        this.remove(entry);
        entry.fire();
      }
    }
  }
}

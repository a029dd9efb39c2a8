import { uniform, type Clock, type Random } from '../clock.ts';
import type { OutboxStore, StoredPublish } from '../outbox/outbox-store.ts';

interface Identity {
  user: string | undefined;
  readonly numbers: Map<string, number>;
  readonly entries: Map<string, StoredPublish>;
}

/** Milliseconds a write takes at most. */
const WRITE_MS = 30;

/** What several pages of one browser keep: writes take a while, and a crash loses those that are under way. */
export class SimulatedDisk {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #identities = new Map<string, Identity>();
  readonly #held = new Set<string>();
  /** Bodies of everything that was ever kept, by room and `cid`. */
  readonly kept = new Map<string, string>();
  /** Numbers that were used for two different messages. */
  readonly reused: string[] = [];
  /** Writes fail with this probability. */
  failing = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Identities that were made; a page takes on what another one left. */
  get identities(): number {
    return this.#identities.size;
  }

  open(): DiskOutbox {
    const free = [...this.#identities.keys()].find((inst) => !this.#held.has(inst));
    const inst = free ?? this.#random.id(24);
    const identity = this.#identities.get(inst) ?? {
      user: undefined,
      numbers: new Map(),
      entries: new Map(),
    };
    this.#identities.set(inst, identity);
    this.#held.add(inst);
    const drive = {
      write: (fn: () => void, landed: (error?: Error) => void): (() => void) => this.#write(fn, landed),
      release: () => void this.#held.delete(inst),
      kept: (entry: StoredPublish) => this.#note(`${entry.room} ${inst}.${entry.n}`, entry.body),
    };
    return new DiskOutbox(inst, identity, drive);
  }

  #note(key: string, body: string): void {
    const before = this.kept.get(key);
    if (before !== undefined && before !== body) this.reused.push(key);
    this.kept.set(key, body);
  }

  #write(fn: () => void, landed: (error?: Error) => void): () => void {
    const timer = this.#clock.setTimeout(
      () => {
        if (this.#random.next() < this.failing) {
          landed(new Error('the disk is full'));
          return;
        }
        fn();
        landed();
      },
      uniform(this.#random, 0, WRITE_MS),
    );
    return () => timer.cancel();
  }
}

interface Drive {
  write(fn: () => void, landed: (error?: Error) => void): () => void;
  release(): void;
  kept(entry: StoredPublish): void;
}

interface Write {
  readonly fn: () => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The outbox of one page; one write after the other. */
export class DiskOutbox implements OutboxStore {
  readonly inst: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly entries: readonly StoredPublish[];
  readonly user: string | undefined;
  readonly #identity: Identity;
  readonly #drive: Drive;
  readonly #queue: Write[] = [];
  #cancel: (() => void) | undefined;
  #crashed = false;

  constructor(inst: string, identity: Identity, drive: Drive) {
    this.inst = inst;
    this.user = identity.user;
    this.numbers = new Map(identity.numbers);
    this.entries = [...identity.entries.values()].toSorted(
      (a, b) => a.room.localeCompare(b.room) || a.n - b.n,
    );
    this.#identity = identity;
    this.#drive = drive;
  }

  bind(user: string): void {
    this.#identity.user = user;
  }

  put(entry: StoredPublish): Promise<void> {
    const { numbers, entries } = this.#identity;
    return this.#add(() => {
      numbers.set(entry.room, Math.max(numbers.get(entry.room) ?? 0, entry.n));
      entries.set(`${entry.room} ${entry.n}`, entry);
      this.#drive.kept(entry);
    });
  }

  delete({ room, n }: StoredPublish): Promise<void> {
    return this.#add(() => void this.#identity.entries.delete(`${room} ${n}`));
  }

  close(): void {
    this.crash();
  }

  /** The page is gone in the middle of whatever it was writing. */
  crash(): void {
    if (this.#crashed) return;
    this.#crashed = true;
    this.#cancel?.();
    this.#drive.release();
  }

  #add(fn: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ fn, resolve, reject });
      if (this.#queue.length === 1) this.#next();
    });
  }

  #next(): void {
    const [write] = this.#queue;
    if (!write || this.#crashed) return;
    this.#cancel = this.#drive.write(write.fn, (error) => {
      this.#queue.shift();
      if (error) write.reject(error);
      else write.resolve();
      this.#next();
    });
  }
}

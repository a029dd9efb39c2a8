import fc from 'fast-check';
import type { AppendMessage, AppendVerdict, History } from '../history/history.ts';
import { EPOCH, message } from './messages.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

/**
 * The rebuild rules of workers, tried in every interleaving: two workers on one partition read the same log,
 * crash, start again, are told `behind`, and Redis loses its last writes. Whatever happens, a room's history is
 * always a prefix of "the log in order, first copies only", and complete in the end.
 */

/** How many records a worker reads at once, and goes back on assignment, on `behind` and on a loss (in time: 60 s). */
const BATCH = 4;
const REWIND = 24;
/** A loss takes away at most what the rewind covers, with room for what is processed until it is noticed. */
const LOSS = 8;
const NOTICE = 8;

type LogRecord = AppendMessage & { readonly room: string };

interface Log {
  readonly rooms: string[];
  readonly records: LogRecord[];
  /** room → ids of first copies, in order */
  readonly expected: Map<string, string[]>;
  readonly copies: Set<string>;
}

/** One entry of a generated log: room, instance, and whether it is a resend (how many numbers back) or new. */
type Draft = readonly [room: number, inst: number, resend: number];

const drafts = fc.array(
  fc.tuple(
    fc.nat(2),
    fc.nat(1),
    fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 })),
  ),
  { minLength: 5, maxLength: 60 },
);

const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('work' as const), worker: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), worker: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('notice' as const), worker: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('mark' as const), worker: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), worker: fc.nat(1) }) },
);

type Step = { readonly kind: 'work' | 'restart' | 'notice' | 'mark' | 'lose'; readonly worker: number };

/** Hundreds of runs, on a machine that may do many other things at once. */
const PATIENCE_MS = 120_000;

/** Declares the property. `runs`: how many logs are tried. */
export function appendModel(subject: ContractSubject, runs: number): void {
  const redis = opened(subject);

  test(
    'every room is the log in order without copies, whatever crashes and is lost',
    async () => {
      const property = fc.asyncProperty(drafts, fc.array(step, { maxLength: 120 }), async (draft, steps) => {
        // Every run starts from the same data, so that marks stay small.
        const clean = await subject.snapshot();
        await new Model(redis().history(EPOCH), subject, writeLog(draft)).run(steps);
        await clean();
      });
      await fc.assert(property, { numRuns: runs });
    },
    PATIENCE_MS,
  );
}

function writeLog(draft: readonly Draft[]): Log {
  const rooms = [fresh('room'), fresh('room'), fresh('room')];
  const last = new Map<string, number>();
  const expected = new Map<string, string[]>(rooms.map((room) => [room, []]));
  const copies = new Set<string>();
  const records = draft.map(([roomAt, inst, resend], at): LogRecord => {
    const room = rooms[roomAt] as string;
    const key = `${room} ${inst}`;
    const newest = last.get(key) ?? 0;
    const n = resend === 0 || newest === 0 ? newest + 1 : Math.max(1, newest + 1 - resend);
    const record = { ...message(room, 2 * at, [`inst${inst}`, n]), room };
    if (n > newest) {
      last.set(key, n);
      expected.get(room)?.push(record.id);
    } else copies.add(record.id);
    return record;
  });
  return { rooms, records, expected, copies };
}

interface Worker {
  /** Index of the next record to read. */
  position: number;
  /** Groups of the batch under way that were not applied yet. */
  groups: LogRecord[][];
  next: number;
  readonly remembered: Map<string, string>;
  /** Position at the time of a loss not yet noticed. */
  lossAt: number | undefined;
}

interface Mark {
  readonly restore: () => Promise<void>;
  /** Every record below this index is in the history the mark goes back to. */
  readonly completeTo: number;
}

class Model {
  readonly #history: History;
  readonly #subject: ContractSubject;
  readonly #log: Log;
  readonly #workers: Worker[] = [newWorker(), newWorker()];
  #committed = 0;
  #marks: Mark[] = [];

  constructor(history: History, subject: ContractSubject, log: Log) {
    this.#history = history;
    this.#subject = subject;
    this.#log = log;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const { kind, worker: at } of steps) {
      const worker = this.#workers[at] as Worker;
      if (kind === 'work') await this.#work(worker);
      else if (kind === 'restart') this.#restart(worker);
      else if (kind === 'notice') this.#notice(worker);
      else if (kind === 'mark') await this.#mark();
      else await this.#lose();
      await this.#check(false);
    }
    for (const worker of this.#workers) {
      this.#notice(worker);
      while (worker.groups.length > 0 || worker.position < this.#log.records.length) await this.#work(worker);
    }
    await this.#check(true);
  }

  /** Applies one group: between two groups anything may happen. */
  async #work(worker: Worker): Promise<void> {
    if (worker.groups.length === 0 && !this.#read(worker)) return;
    const group = worker.groups.shift() as LogRecord[];
    const room = group[0]?.room as string;
    const result = await this.#history.append({
      room,
      messages: group,
      rememberedHead: worker.remembered.get(room),
    });
    if (result.behind) {
      this.#rewind(worker, worker.position);
      return;
    }
    worker.remembered.set(room, result.head);
    this.#checkVerdicts(result.verdicts);
    if (worker.groups.length > 0) return;
    worker.position = worker.next;
    this.#committed = Math.max(this.#committed, worker.position);
  }

  #read(worker: Worker): boolean {
    if (worker.lossAt !== undefined && worker.position >= worker.lossAt + NOTICE - BATCH)
      this.#notice(worker);
    worker.next = Math.min(worker.position + BATCH, this.#log.records.length);
    const batch = this.#log.records.slice(worker.position, worker.next);
    worker.groups = this.#log.rooms
      .map((room) => batch.filter((record) => record.room === room))
      .filter((group) => group.length > 0);
    return worker.groups.length > 0;
  }

  #restart(worker: Worker): void {
    this.#rewind(worker, this.#committed);
    worker.remembered.clear();
  }

  #notice(worker: Worker): void {
    if (worker.lossAt !== undefined) this.#rewind(worker, worker.position);
  }

  #rewind(worker: Worker, from: number): void {
    worker.position = Math.max(0, from - REWIND);
    worker.groups = [];
    worker.remembered.clear();
    worker.lossAt = undefined;
  }

  async #mark(): Promise<void> {
    this.#marks.push({ restore: await this.#subject.snapshot(), completeTo: await this.#completeTo() });
  }

  async #lose(): Promise<void> {
    const reach = Math.max(this.#committed, ...this.#workers.map((worker) => worker.position));
    const mark = this.#marks.find(({ completeTo }) => completeTo >= reach - LOSS);
    if (!mark) return;
    await mark.restore();
    this.#marks = this.#marks.slice(0, this.#marks.indexOf(mark));
    for (const worker of this.#workers) worker.lossAt ??= worker.position;
  }

  /** Index of the first record that should be in the history and is not. */
  async #completeTo(): Promise<number> {
    const present = new Set((await this.#stored()).flatMap(([, ids]) => ids));
    const missing = this.#log.records.findIndex(({ id }) => !this.#log.copies.has(id) && !present.has(id));
    return missing < 0 ? this.#log.records.length : missing;
  }

  async #stored(): Promise<[string, string[]][]> {
    return Promise.all(
      this.#log.rooms.map(async (room): Promise<[string, string[]]> => {
        const page = await this.#history.newest(room, 1000);
        expect(page.lost).toBe(false);
        return [room, page.entries.map((entry) => entry.id)];
      }),
    );
  }

  async #check(complete: boolean): Promise<void> {
    for (const [room, ids] of await this.#stored()) {
      const expected = this.#log.expected.get(room) ?? [];
      expect(ids).toEqual(complete ? expected : expected.slice(0, ids.length));
    }
  }

  /** What is fanned out: every first copy that is at hand, and never another copy. */
  #checkVerdicts(verdicts: readonly AppendVerdict[]): void {
    for (const { id, verdict, p } of verdicts) {
      const copy = this.#log.copies.has(id);
      expect([id, copy, ['appended', 'present'].includes(verdict)]).toEqual([id, copy, !copy]);
      if (!copy) expect(p).toBe(this.#previous(id));
    }
  }

  #previous(id: string): string {
    for (const ids of this.#log.expected.values()) {
      const at = ids.indexOf(id);
      if (at >= 0) return ids[at - 1] ?? '?';
    }
    throw new Error(`${id} is not in the log`);
  }
}

function newWorker(): Worker {
  return { position: 0, groups: [], next: 0, remembered: new Map(), lossAt: undefined };
}

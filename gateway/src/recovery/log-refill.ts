import { KafkaError } from '@chatplatform/kafka';
import { BEGINNING, type Unrecovered } from '@chatplatform/protocol';
import { vacantAt } from '../rooms/history.ts';
import type { HistoryPage } from '../rooms/local-room.ts';
import { RoomScan, type Scanned, type ScanParts } from './room-scan.ts';
import { Turns } from './turns.ts';

/** Partitions read at a time: what a gateway may cost the brokers, however many clients come back at once. */
const CONCURRENCY = 4;
/** Time a reading waits for its turn before it is called off, ms. */
const TURN_MS = 5_000;
/** Time a reading may take in all, ms: above its own bound, for a broker that does not answer. */
const PATIENCE_MS = 5_000;
/** A reading serves those who ask for the room within this time, ms: the next pages of a client come at once. */
const KEEP_MS = 5_000;
/** Readings kept; each holds a room's messages of at most as many records as a reading may look at. */
const MAX_KEPT = 32;
/** An outage this long is told as such, ms; until then clients ask again, and lose nothing. */
const OUTAGE_MS = 30_000;

/** What a refill needs. */
export interface LogRefillOptions extends ScanParts {
  /** Workers run rules that may refuse messages: what stands in the log is then no proof of what members saw. */
  moderated: boolean;
  /** Told of each reading. */
  onScan: (scan: ScanReport) => void;
}

/** How a reading went. */
export interface ScanReport {
  /** `cut`: the bounds ended it, what it found is given all the same. */
  result: 'complete' | 'cut' | 'unreachable' | Unrecovered;
  /** Records looked at. */
  records: number;
  ms: number;
}

/** What to read: the first `max` messages after a position. */
export interface RefillRange {
  from: string;
  max: number;
  /** The newest message that is known to be in the room; absent = what is in the log. */
  head: string | undefined;
  /** What the history has of it, which by itself does not prove that nothing is missing. */
  kept?: Pick<HistoryPage, 'entries' | 'more'> | undefined;
}

interface Kept {
  from: string;
  head: string;
  at: number;
  result: Promise<Scanned | Unrecovered>;
}

/** Reads from the log what the history of a room does not have. */
export class LogRefill {
  readonly #options: LogRefillOptions;
  /** Newest reading by room, of those with a known end. */
  readonly #kept = new Map<string, Kept>();
  readonly #turns: Turns;
  /** Since when the log cannot be read, monotonic ms. */
  #awaySince: number | undefined;

  constructor(options: LogRefillOptions) {
    this.#options = options;
    const { reader, clock } = options;
    this.#turns = new Turns({ reader, clock, count: CONCURRENCY, patienceMs: TURN_MS });
  }

  /**
   * A page of what follows `from`; `lost` with the reason where the log cannot prove it. Rejects while the log cannot
   * be reached, unless that lasts.
   */
  async after(room: string, { from, max, head, kept }: RefillRange): Promise<HistoryPage> {
    if (head !== undefined && from >= head) return { entries: [], more: false, head, lost: false };
    if (this.#options.moderated) return this.#vouch(room, { from, head, kept });
    const found = await this.#find(room, from, head);
    return typeof found === 'string' ? lost(found, head) : pageOf(found, { from, max, head });
  }

  /**
   * Where rules may have refused what stands in the log, it proves one thing only: that the history lacks nothing, when
   * there is no record besides.
   */
  async #vouch(room: string, { from, head, kept }: Omit<RefillRange, 'max'>): Promise<HistoryPage> {
    if (head === undefined || kept === undefined) return lost('unverified', head);
    const end = kept.more ? (kept.entries.at(-1)?.id ?? head) : head;
    const found = await this.#find(room, from, end);
    if (typeof found === 'string') return lost(found, head);
    if (!found.complete) return lost('busy', head);
    const known = new Set(kept.entries.map(({ id }) => id));
    const isMissing = found.entries.some(({ id }) => id > from && id <= end && !known.has(id));
    return isMissing ? lost('unverified', head) : { ...kept, head, lost: false, source: 'kafka' };
  }

  async #find(room: string, from: string, head: string | undefined): Promise<Scanned | Unrecovered> {
    try {
      const found = await this.#share(room, from, head);
      this.#awaySince = undefined;
      return found;
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.retryable) throw error;
      const now = this.#options.clock.monotonic();
      this.#awaySince ??= now;
      if (now - this.#awaySince > OUTAGE_MS) return 'busy';
      throw error;
    }
  }

  /**
   * Only a reading with a known end is shared: of one that goes to the end of the log, what is written meanwhile
   * would be missing for who comes later.
   */
  #share(room: string, from: string, head: string | undefined): Promise<Scanned | Unrecovered> {
    if (head === undefined) return this.#scan(room, from, head);
    const now = this.#options.clock.monotonic();
    const kept = this.#kept.get(room);
    if (kept !== undefined && now - kept.at < KEEP_MS && kept.from <= from && kept.head >= head)
      return kept.result;
    const result = this.#scan(room, from, head);
    this.#keep(room, { from, head, at: now, result });
    return result;
  }

  #keep(room: string, fresh: Kept): void {
    this.#kept.delete(room);
    this.#kept.set(room, fresh);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    const forget = (): void => {
      if (this.#kept.get(room) === fresh) this.#kept.delete(room);
    };
    this.#options.clock.setTimeout(forget, KEEP_MS);
    // Nobody is given a failure of the past.
    void fresh.result.then((found) => {
      if (typeof found === 'string') forget();
    }, forget);
  }

  async #scan(room: string, from: string, head: string | undefined): Promise<Scanned | Unrecovered> {
    const { clock, log, onScan } = this.#options;
    if (from !== BEGINNING && !from.startsWith(log.prefixOf(room))) return 'epoch';
    const begun = clock.monotonic();
    let scan: RoomScan | undefined;
    const report = (result: ScanReport['result']): void =>
      onScan({ result, records: scan?.records ?? 0, ms: clock.monotonic() - begun });
    const found = await this.#turns
      .run(log.partitionOf(room), (reader) => {
        // The time it may take begins with its turn.
        scan = new RoomScan({ ...this.#options, reader }, { room, from, head });
        return this.#bounded(scan.run());
      })
      .catch((error: unknown) => {
        report('unreachable');
        throw error;
      });
    report(typeof found === 'string' ? found : resultOf(found));
    return found;
  }

  #bounded<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.setTimeout(() => {
        reject(new KafkaError('unavailable', `the log did not answer within ${PATIENCE_MS} ms`));
      }, PATIENCE_MS);
      void work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

function pageOf({ entries: all, complete }: Scanned, { from, max, head }: RefillRange): HistoryPage {
  const newer = all.filter(({ id }) => id > from);
  // A cut page that is full is honest: the rest is asked for from its end.
  if (!complete && newer.length < max) return lost('busy', head);
  const entries = newer.slice(0, max);
  const last = all.at(-1)?.id ?? from;
  const end = head !== undefined && head > last ? head : last;
  return {
    entries,
    more: !complete || entries.length < newer.length,
    head: end,
    // From the beginning there was nothing.
    vacancy: end === BEGINNING ? 'known' : undefined,
    lost: false,
    source: 'kafka',
  };
}

function resultOf({ complete }: Scanned): 'complete' | 'cut' {
  return complete ? 'complete' : 'cut';
}

function lost(reason: Unrecovered, head: string | undefined): HistoryPage {
  const end = head === undefined ? vacantAt(undefined) : { head };
  return { entries: [], more: false, ...end, lost: true, reason };
}

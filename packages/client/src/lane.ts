import { formatCid } from '@chatplatform/protocol/light';
import type { OperationInputs, PubReply } from '@chatplatform/protocol';
import { uniform, type Clock, type Random, type Timer } from './clock.ts';
import type { ClientError } from './errors.ts';
import type { Link, Result } from './link.ts';

/** What the platform said about a published message. */
export interface PublishResult {
  /** Final id of the message; missing when more than one copy may be in the log, of which the first one counts. */
  readonly id?: string | undefined;
  /** When it was appended, milliseconds since 1970. */
  readonly ts: number;
  /** The client's own id; the delivered message carries it too. */
  readonly cid: string;
  /** It was in the log already: an earlier try had succeeded. */
  readonly dup: boolean;
}

/** Options of a publish. */
export interface PublishOptions {
  /** Key in a latest-value room. */
  readonly key?: string;
  /** Up to 50 users to reach by notification when they are offline. */
  readonly notify?: readonly string[];
  /** W3C traceparent, to follow this message through the platform. */
  readonly traceparent?: string;
}

interface Entry {
  readonly cid: string;
  readonly data: unknown;
  readonly options: PublishOptions;
  readonly settle: (result: PublishResult | ClientError) => void;
  /** When it was first sent; on every later try its age goes along. */
  firstSent: number | undefined;
  /** The link that carries it now. */
  link: Link | undefined;
}

/** Publishes of one room that may wait for their acknowledgement at the same time. */
const WINDOW = 32;
/** Milliseconds: waits after a refusal that names no time of its own. */
const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 2_000;

/**
 * The unacknowledged publishes of one room, in order.
 *
 * The order holds over failures: after a refusal that may be retried nothing more is sent until every
 * publish under way has its answer; then all unacknowledged ones go out again from the first.
 */
export class Lane {
  readonly #room: string;
  readonly #inst: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #entries: Entry[] = [];
  #numbered = 0;
  #link: Link | undefined;
  #pause: number | undefined;
  #timer: Timer | undefined;

  constructor(room: string, inst: string, clock: Clock, random: Random) {
    this.#room = room;
    this.#inst = inst;
    this.#clock = clock;
    this.#random = random;
  }

  /** Unacknowledged publishes. */
  get size(): number {
    return this.#entries.length;
  }

  /** The number the next publish gets. */
  get nextCid(): string {
    return formatCid(this.#inst, this.#numbered + 1);
  }

  /** Takes a publish in; `settle` is called exactly once. */
  add(data: unknown, options: PublishOptions, settle: Entry['settle']): string {
    const cid = this.nextCid;
    this.#numbered += 1;
    this.#entries.push({ cid, data, options, settle, firstSent: undefined, link: undefined });
    this.#pump();
    return cid;
  }

  /** Sends over this link from now on: first, in order, everything that is unacknowledged. */
  attach(link: Link): void {
    this.#link = link;
    this.#resume();
  }

  /** Sends nothing until the next {@link attach}; answers still count. */
  detach(): void {
    this.#link = undefined;
    this.#timer?.cancel();
  }

  /** Gives every publish up. */
  fail(error: ClientError): void {
    this.detach();
    for (const entry of this.#entries.splice(0)) entry.settle(error);
  }

  #resume(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pause = undefined;
    for (const entry of this.#entries) entry.link = undefined;
    this.#pump();
  }

  #pump(): void {
    const link = this.#link;
    if (!link || this.#pause !== undefined) return;
    for (const entry of this.#entries.slice(0, WINDOW)) {
      if (entry.link === undefined) this.#send(entry, link);
    }
  }

  #send(entry: Entry, link: Link): void {
    const now = this.#clock.monotonic();
    entry.link = link;
    const age = entry.firstSent === undefined ? undefined : Math.round(now - entry.firstSent);
    entry.firstSent ??= now;
    link.request('pub', publishBody(this.#room, entry, age), (result) => this.#answer(entry, link, result));
  }

  #answer(entry: Entry, link: Link, result: Result<PubReply>): void {
    const at = this.#entries.indexOf(entry);
    // A lost link answers nothing: the next one carries the publish anew.
    if (at < 0 || (!result.ok && result.error.code === 'disconnected')) return;
    if (result.ok) {
      this.#entries.splice(at, 1);
      entry.settle({ ...resultOf(result.body, entry.link === link), cid: entry.cid });
    } else if (entry.link === link) {
      this.#refused(entry, at, result.error);
    }
    if (this.#link) this.#proceed();
  }

  /** (An answer of a link that no longer carries the publish decides nothing: it is on its way anew.) */
  #refused(entry: Entry, at: number, error: ClientError): void {
    if (error.retryable) {
      entry.link = undefined;
      const wait = error.refusal?.after ?? uniform(this.#random, PAUSE_MIN_MS, PAUSE_MAX_MS);
      this.#pause = Math.max(this.#pause ?? 0, wait);
    } else {
      this.#entries.splice(at, 1);
      entry.settle(error);
    }
  }

  #proceed(): void {
    if (this.#pause === undefined) {
      this.#pump();
    } else if (!this.#timer && this.#entries.every((entry) => entry.link === undefined)) {
      this.#timer = this.#clock.setTimeout(() => this.#resume(), this.#pause);
    }
  }
}

/**
 * An old connection may acknowledge what went out again on the new one: which copy came first is not known then, and
 * the id of the other one belongs to no message.
 */
function resultOf({ id, ...rest }: PubReply, isOnlyCopy: boolean): PubReply {
  return isOnlyCopy && id !== undefined ? { id, ...rest } : rest;
}

function publishBody(room: string, entry: Entry, age: number | undefined): OperationInputs['pub'] {
  const { key, notify, traceparent } = entry.options;
  return {
    room,
    cid: entry.cid,
    data: entry.data,
    ...(key !== undefined && { k: key }),
    ...(age !== undefined && { re: age }),
    ...(notify && { notify: [...notify] }),
    ...(traceparent !== undefined && { tp: traceparent }),
  };
}

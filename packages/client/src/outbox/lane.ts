import { formatCid } from '@chatplatform/protocol/light';
import type { PubReply } from '@chatplatform/protocol';
import { uniform, type Clock, type Random, type Timer } from '../clock.ts';
import type { Link, Result } from '../connection/link.ts';
import { ClientError } from '../errors.ts';
import type { OutboxStore, StoredPublish } from './outbox-store.ts';
import { resendOf, type PublishResult } from './publish.ts';

/** How a publish ended. */
export type Settle = (result: PublishResult | ClientError) => void;

interface Entry {
  record: StoredPublish;
  readonly settle: Settle;
  /** The store holds it as one that may have been sent: only then it may go out. */
  ready: boolean;
  /** The store is busy with it. */
  writing: boolean;
  /** When it was first sent, on the monotonic clock; on every later try its age goes along. */
  firstSent: number | undefined;
  /** The link that carries it now. */
  link: Link | undefined;
}

/** What a lane works with; the same for all lanes of an outbox. */
export interface LaneParts {
  readonly store: OutboxStore;
  readonly clock: Clock;
  readonly random: Random;
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
 *
 * A publish is in the store before it is sent, marked as one that may have been sent: a client that opens the store
 * after a crash neither uses its number again nor sends it as new.
 */
export class Lane {
  readonly #room: string;
  readonly #parts: LaneParts;
  readonly #entries: Entry[] = [];
  #numbered: number;
  #link: Link | undefined;
  #pause: number | undefined;
  #timer: Timer | undefined;

  /** @param numbered - the highest number used in this room */
  constructor(room: string, numbered: number, parts: LaneParts) {
    this.#room = room;
    this.#numbered = numbered;
    this.#parts = parts;
  }

  /** Unacknowledged publishes. */
  get size(): number {
    return this.#entries.length;
  }

  /** What is unacknowledged, in order. */
  get records(): StoredPublish[] {
    return this.#entries.map(({ record }) => record);
  }

  /** The number the next publish gets. */
  get nextCid(): string {
    return formatCid(this.#parts.store.inst, this.#numbered + 1);
  }

  /** Takes a publish in; `settle` is called exactly once. */
  add(body: string, settle: Settle): void {
    this.#numbered += 1;
    const record = { room: this.#room, n: this.#numbered, body, at: this.#parts.clock.now() };
    const entry = newEntry(record, settle);
    this.#entries.push(entry);
    this.#pump();
    if (!entry.ready && !entry.writing) this.#keep(entry, undefined);
  }

  /** Takes in what the store held already. */
  restore(record: StoredPublish, settle: Settle): void {
    const { clock } = this.#parts;
    this.#numbered = Math.max(this.#numbered, record.n);
    const entry = newEntry(record, settle);
    this.#entries.push(entry);
    if (record.sent === undefined) return;
    // It may have been sent, so it goes out as a resend. A clock that was set back must not make it younger than it can be.
    entry.firstSent = clock.monotonic() - Math.max(0, clock.now() - record.sent);
    entry.ready = true;
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

  /** Gives every publish up; the store keeps them for the next client. */
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
    let open = true;
    for (const entry of this.#entries.slice(0, WINDOW)) {
      if (!entry.ready && !entry.writing) this.#keep(entry, this.#parts.clock.now());
      // What the store has not kept yet must not be overtaken.
      open &&= entry.ready;
      if (open && entry.link === undefined) this.#send(entry, link);
    }
  }

  /** @param sent - from when on it may have been sent; `undefined`: it waits for a connection */
  #keep(entry: Entry, sent: number | undefined): void {
    if (sent !== undefined) entry.record = { ...entry.record, sent };
    const writing = this.#parts.store.put(entry.record);
    if (!writing) {
      entry.ready = true;
      return;
    }
    entry.writing = true;
    writing.then(
      () => {
        entry.writing = false;
        entry.ready = sent !== undefined;
        this.#pump();
      },
      (cause: unknown) => this.#unkept(entry, cause),
    );
  }

  #unkept(entry: Entry, cause: unknown): void {
    const at = this.#entries.indexOf(entry);
    if (at < 0) return;
    this.#forget(at);
    const text = `the outbox could not keep the message (${String(cause)}); free some storage and publish it again`;
    entry.settle(new ClientError('storage', text, { cause, retryable: true }));
    this.#pump();
  }

  #send(entry: Entry, link: Link): void {
    const now = this.#parts.clock.monotonic();
    const { body } = entry.record;
    entry.link = link;
    const text =
      entry.firstSent === undefined ? body : resendOf(body, Math.max(0, Math.round(now - entry.firstSent)));
    entry.firstSent ??= now;
    link.requestText('pub', text, (result) => this.#answer(entry, link, result));
  }

  #answer(entry: Entry, link: Link, result: Result<PubReply>): void {
    const at = this.#entries.indexOf(entry);
    // A lost link answers nothing: the next one carries the publish anew.
    if (at < 0 || (!result.ok && result.error.code === 'disconnected')) return;
    if (result.ok) {
      this.#forget(at);
      const cid = formatCid(this.#parts.store.inst, entry.record.n);
      entry.settle({ ...resultOf(result.body, entry.link === link), cid });
    } else if (entry.link === link) {
      this.#refused(entry, at, result.error);
    }
    if (this.#link) this.#proceed();
  }

  /** (An answer of a link that no longer carries the publish decides nothing: it is on its way anew.) */
  #refused(entry: Entry, at: number, error: ClientError): void {
    if (error.retryable) {
      entry.link = undefined;
      const wait = error.refusal?.after ?? uniform(this.#parts.random, PAUSE_MIN_MS, PAUSE_MAX_MS);
      this.#pause = Math.max(this.#pause ?? 0, wait);
    } else {
      this.#forget(at);
      entry.settle(error);
    }
  }

  #forget(at: number): void {
    const [entry] = this.#entries.splice(at, 1);
    // What cannot be deleted goes out once more with the next client, and the platform recognises it.
    if (entry) this.#parts.store.delete(entry.record)?.catch(() => undefined);
  }

  #proceed(): void {
    if (this.#pause === undefined) {
      this.#pump();
    } else if (!this.#timer && this.#entries.every((entry) => entry.link === undefined)) {
      this.#timer = this.#parts.clock.setTimeout(() => this.#resume(), this.#pause);
    }
  }
}

function newEntry(record: StoredPublish, settle: Settle): Entry {
  return { record, settle, ready: false, writing: false, firstSent: undefined, link: undefined };
}

/**
 * An old connection may acknowledge what went out again on the new one: which copy came first is not known then, and
 * the id of the other one belongs to no message.
 */
function resultOf({ id, ...rest }: PubReply, isOnlyCopy: boolean): PubReply {
  return isOnlyCopy && id !== undefined ? { id, ...rest } : rest;
}

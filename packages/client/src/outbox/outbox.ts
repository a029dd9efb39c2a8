import { formatCid, isRoomName, Limits } from '@chatplatform/protocol/light';
import type { Clock, Random } from '../clock.ts';
import type { Link } from '../connection/link.ts';
import { ClientError } from '../errors.ts';
import { Lane, type LaneParts } from './lane.ts';
import type { OutboxStore } from './outbox-store.ts';
import {
  bodyOf,
  pendingOf,
  type PendingPublish,
  type PublishOptions,
  type PublishResult,
  type Publishing,
} from './publish.ts';

/** Unacknowledged publishes of a client over all rooms; more are refused, so that memory stays bounded. */
const CAPACITY = 1_000;
/** Bytes of a `pub` line besides its body and for `re`: `{"i":4294967295,"pub":` and `,"re":86400000`. */
const OVERHEAD = 64;

/** How a publish of an earlier client, restored from the store, ended. */
export interface Settled {
  readonly room: string;
  readonly cid: string;
  /** The platform took it. */
  readonly result?: PublishResult;
  /** The platform refused it for good. */
  readonly error?: ClientError;
}

/** What an outbox is made of. */
export interface OutboxOptions {
  readonly store: OutboxStore;
  readonly clock: Clock;
  readonly random: Random;
  /** A publish that the store held already has its final answer. */
  readonly onSettled: (settled: Settled) => void;
}

/** The publishes of a client that are not acknowledged yet, in order per room, over all reconnects. */
export class Outbox {
  readonly #store: OutboxStore;
  readonly #parts: LaneParts;
  readonly #lanes = new Map<string, Lane>();
  #link: Link | undefined;
  #frameBytes: number = Limits.frameBytes;
  #closed: ClientError | undefined;

  constructor({ store, clock, random, onSettled }: OutboxOptions) {
    this.#store = store;
    this.#parts = { store, clock, random };
    for (const record of store.entries) {
      const { room } = record;
      const cid = formatCid(store.inst, record.n);
      this.#lane(room).restore(record, (result) => {
        if (this.#closed) return;
        onSettled({ room, cid, ...(result instanceof ClientError ? { error: result } : { result }) });
      });
    }
  }

  /** Who publishes. */
  get inst(): string {
    return this.#store.inst;
  }

  /** Unacknowledged publishes. */
  get size(): number {
    let size = 0;
    for (const lane of this.#lanes.values()) size += lane.size;
    return size;
  }

  /** What is unacknowledged; in each room in order. */
  get pending(): PendingPublish[] {
    return [...this.#lanes.values()].flatMap((lane) =>
      lane.records.map((record) => pendingOf(this.#store.inst, record)),
    );
  }

  /** Publishes as soon as there is a connection; settles when the platform has answered for good. */
  publish(room: string, data: unknown, options: PublishOptions): Publishing {
    const lane = this.#lane(room);
    const cid = lane.nextCid;
    const promise = new Promise<PublishResult>((resolve, reject) => {
      const body = bodyOf(room, cid, data, options);
      const error = this.#objection(room, body);
      if (body === undefined || error) {
        reject(
          error ?? new ClientError('invalid', 'the data has no JSON form; publish what JSON can express'),
        );
        return;
      }
      lane.add(body, (result) => {
        if (result instanceof ClientError) reject(result);
        else resolve(result);
      });
    });
    return Object.assign(promise, { cid });
  }

  /**
   * The user of the connection; `false` when what is kept belongs to somebody else, and nothing of it may be sent.
   */
  belongsTo(user: string): boolean {
    if (this.#store.user === undefined) this.#store.bind(user);
    else return this.#store.user === user;
    return true;
  }

  /** Sends over this link from now on: first, in order, everything that is unacknowledged. */
  attach(link: Link, frameBytes = this.#frameBytes): void {
    this.#frameBytes = frameBytes;
    if (this.#link === link) return;
    this.#link = link;
    for (const lane of this.#lanes.values()) lane.attach(link);
  }

  /** Sends nothing until the next {@link attach}; answers still count. */
  detach(): void {
    this.#link = undefined;
    for (const lane of this.#lanes.values()) lane.detach();
  }

  /** Gives every publish up, and refuses later ones. */
  close(error: ClientError): void {
    this.#closed = error;
    this.#link = undefined;
    for (const lane of this.#lanes.values()) lane.fail(error);
    this.#store.close();
  }

  #lane(room: string): Lane {
    const known = this.#lanes.get(room);
    if (known) return known;
    const lane = new Lane(room, this.#store.numbers.get(room) ?? 0, this.#parts);
    if (this.#link) lane.attach(this.#link);
    this.#lanes.set(room, lane);
    return lane;
  }

  #objection(room: string, body: string | undefined): ClientError | undefined {
    if (this.#closed) return this.#closed;
    if (!isRoomName(room)) {
      return new ClientError(
        'invalid',
        `"${room}" is no room name: use 1-128 characters of [A-Za-z0-9_.:@-]`,
      );
    }
    if (this.size >= CAPACITY) {
      const text = `${CAPACITY} messages wait for their acknowledgement; publish again when some have theirs`;
      return new ClientError('outbox-full', text, { retryable: true });
    }
    // A larger frame would end the connection, again and again.
    const bytes = body === undefined ? 0 : new TextEncoder().encode(body).length + OVERHEAD;
    if (bytes <= this.#frameBytes) return undefined;
    return new ClientError(
      'too-large',
      `the message has ${bytes} bytes, ${this.#frameBytes} are allowed; send a link instead`,
    );
  }
}

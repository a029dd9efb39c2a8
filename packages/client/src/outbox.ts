import { isRoomName, Limits } from '@chatplatform/protocol/light';
import type { Clock, Random } from './clock.ts';
import { ClientError } from './errors.ts';
import { Lane, type PublishOptions, type PublishResult } from './lane.ts';
import type { Link } from './link.ts';

/** Unacknowledged publishes of a client over all rooms; more are refused, so that memory stays bounded. */
const CAPACITY = 1_000;
/** Bytes of a `pub` line besides its body and for `re`: `{"i":4294967295,"pub":` and `,"re":86400000`. */
const OVERHEAD = 64;

/** A publish under way. */
export interface Publishing extends Promise<PublishResult> {
  /** The client's own id of the message: the delivered message carries it, so it can be shown before its acknowledgement. */
  readonly cid: string;
}

/** The publishes of a client that are not acknowledged yet, in order per room, over all reconnects. */
export class Outbox {
  readonly #inst: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lanes = new Map<string, Lane>();
  #link: Link | undefined;
  #frameBytes: number = Limits.frameBytes;
  #closed: ClientError | undefined;

  constructor(inst: string, clock: Clock, random: Random) {
    this.#inst = inst;
    this.#clock = clock;
    this.#random = random;
  }

  /** Unacknowledged publishes. */
  get size(): number {
    let size = 0;
    for (const lane of this.#lanes.values()) size += lane.size;
    return size;
  }

  /** Publishes as soon as there is a connection; settles when the platform has answered for good. */
  publish(room: string, data: unknown, options: PublishOptions): Publishing {
    const lane = this.#lane(room);
    const cid = lane.nextCid;
    const promise = new Promise<PublishResult>((resolve, reject) => {
      const error = this.#objection(room, data, options);
      if (error) {
        reject(error);
        return;
      }
      lane.add(data, options, (result) => {
        if (result instanceof ClientError) reject(result);
        else resolve(result);
      });
    });
    return Object.assign(promise, { cid });
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
  }

  #lane(room: string): Lane {
    const known = this.#lanes.get(room);
    if (known) return known;
    const lane = new Lane(room, this.#inst, this.#clock, this.#random);
    if (this.#link) lane.attach(this.#link);
    this.#lanes.set(room, lane);
    return lane;
  }

  #objection(room: string, data: unknown, options: PublishOptions): ClientError | undefined {
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
    const bytes = byteLength({ room, data, ...options }) + OVERHEAD;
    if (Number.isNaN(bytes)) return new ClientError('invalid', 'the data has no JSON form');
    if (bytes <= this.#frameBytes) return undefined;
    return new ClientError(
      'too-large',
      `the message has ${bytes} bytes, ${this.#frameBytes} are allowed; send a link instead`,
    );
  }
}

function byteLength(body: { room: string; data: unknown }): number {
  try {
    // Undefined and functions would silently be left out of the line.
    if (JSON.stringify(body.data) === undefined) return Number.NaN;
    return new TextEncoder().encode(JSON.stringify(body)).length;
  } catch {
    return Number.NaN;
  }
}

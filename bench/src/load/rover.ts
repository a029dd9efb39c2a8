import { randomBytes } from 'node:crypto';
import { nowUs, scanPayloads } from './payload.ts';
import { RawSocket } from './raw-socket.ts';
import type { Tally } from './tally.ts';

/** Who a {@link Rover} is and where it may go. */
export interface RoverOptions {
  readonly token: string;
  readonly room: string;
  /** Tried in turn: after each connection the next one. */
  readonly ports: readonly number[];
  readonly tally: Tally;
  /** Its number in `tally`. */
  readonly index: number;
  /** Told each time it is in: at the beginning and after each move. */
  readonly onJoined: () => void;
  /** Told when it learns that something is lost for good. */
  readonly onRefused: (text: string) => void;
}

interface Message {
  readonly r: string;
  readonly id: string;
  readonly d: string;
}
interface RoomReply {
  readonly head: string;
  readonly recovered?: boolean;
  readonly more?: boolean;
  readonly msgs?: readonly Message[];
  readonly err?: unknown;
}
interface Line {
  readonly m?: Message;
  readonly hello?: { readonly resume: string; readonly rooms?: Readonly<Record<string, RoomReply>> };
  readonly drain?: { readonly after: readonly [number, number]; readonly resume: string };
  readonly err?: { readonly code: number; readonly msg: string };
}

/** As the SDK: waits grow, any share of them at random, so that a crowd spreads. */
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 30_000;
const INSTANCE_BYTES = 12;

/**
 * A client of ChatPlatform that moves: told to, it opens the new connection before it gives up the old one; cut off,
 * it comes back. It names its position and drops what it has, as the protocol page asks of every client.
 */
export class Rover {
  readonly #options: RoverOptions;
  readonly #inst = randomBytes(INSTANCE_BYTES).toString('hex');
  #nextPort = 0;
  #current: RawSocket | undefined;
  /** The one that shall take the place of `#current`; there is never more than one. */
  #pending: RawSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #position: string | undefined;
  #resume: string | undefined;
  #failures = 0;
  #ended = false;
  #frameAtUs = 0;
  readonly #got = (seq: number, dueUs: number): void =>
    this.#options.tally.got(this.#options.index, seq, this.#frameAtUs - dueUs);

  constructor(options: RoverOptions) {
    this.#options = options;
    this.#connect();
  }

  close(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#pending?.destroy();
    this.#current?.close();
  }

  #connect(): void {
    this.#timer = undefined;
    const { ports } = this.#options;
    const port = ports[this.#nextPort % ports.length] as number;
    this.#nextPort += 1;
    const socket: RawSocket = new RawSocket(
      { port, path: '/ws', protocol: 'cp1.json' },
      {
        onOpen: () => socket.send(this.#hello()),
        onFrame: (frame) => this.#frame(socket, frame),
        onClose: () => this.#closed(socket),
      },
    );
    this.#pending = socket;
  }

  #hello(): string {
    const { token, room } = this.#options;
    const from = this.#position === undefined ? { limit: 0 } : { pos: this.#position };
    return JSON.stringify({
      i: 1,
      hello: {
        token,
        inst: this.#inst,
        caps: ['mbb'],
        ...(this.#resume !== undefined && { resume: this.#resume }),
        rooms: { [room]: { ...from, classes: ['msg'] } },
      },
    });
  }

  #closed(socket: RawSocket): void {
    if (this.#pending === socket) this.#pending = undefined;
    else if (this.#current === socket) this.#current = undefined;
    // One that was given up for a newer one.
    else return;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#connectAfter(Math.random() * wait);
  }

  /** Does nothing when a connection is on its way, or soon will be: one move is one connection. */
  #connectAfter(ms: number): void {
    if (this.#ended || this.#pending !== undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#connect(), ms);
  }

  #frame(socket: RawSocket, frame: Buffer): void {
    this.#frameAtUs = nowUs();
    for (const text of frame.toString().split('\n')) {
      if (text === '{}') socket.send(text);
      else this.#line(socket, JSON.parse(text) as Line);
    }
  }

  #line(socket: RawSocket, { m, hello, drain, err }: Line): void {
    if (m !== undefined) this.#message(m);
    else if (hello !== undefined) this.#joined(socket, hello);
    else if (drain !== undefined) this.#leave(drain);
    else if (err !== undefined) this.#options.onRefused(`${err.code} ${err.msg}`);
  }

  #joined(socket: RawSocket, hello: NonNullable<Line['hello']>): void {
    this.#resume = hello.resume;
    this.#failures = 0;
    this.#caughtUp(hello.rooms?.[this.#options.room]);
    const old = this.#current;
    this.#pending = undefined;
    this.#current = socket;
    old?.close();
    this.#options.onJoined();
  }

  #caughtUp(reply: RoomReply | undefined): void {
    if (reply === undefined || !isWhole(reply))
      this.#options.onRefused(`join: ${JSON.stringify({ ...reply, msgs: reply?.msgs?.length })}`);
    for (const message of reply?.msgs ?? []) this.#message(message);
    this.#position ??= reply?.head;
  }

  #leave({ after: [from, to], resume }: NonNullable<Line['drain']>): void {
    this.#resume = resume;
    this.#connectAfter(from + Math.random() * (to - from));
  }

  #message({ id, d }: Message): void {
    if (this.#position !== undefined && id <= this.#position) return;
    this.#position = id;
    scanPayloads(Buffer.from(d), this.#got);
  }
}

function isWhole({ err, more, recovered, head }: RoomReply): boolean {
  return err === undefined && more !== true && recovered !== false && head !== undefined;
}

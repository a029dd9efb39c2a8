import {
  encodeError,
  encodeReply,
  formatPosition,
  messageFrame,
  parseCid,
  parseClientFrame,
  protocolError,
  senderKey,
  toJson,
  withMessages,
  withRooms,
  type ClientRequest,
  type Json,
  type Publish,
} from '@chatplatform/protocol';
import { uniform, type Clock, type Random } from '../clock.ts';
import type { SocketHandlers, Transport } from '../connection/transport.ts';
import { helloReply } from './scripted-gateway.ts';

/** What goes wrong, each a probability. */
export interface Faults {
  /** A publish is refused with 114 and not stored. */
  refuse: number;
  /** A publish is stored, and its answer says 114. */
  doubt: number;
  /** A push never leaves (what gateways must repair, clients survive). */
  losePush: number;
  /** A push comes twice. */
  doublePush: number;
  /** A socket ends while it is used. */
  cut: number;
  /** A connection is refused. */
  reject: number;
}

interface Stored {
  readonly id: string;
  readonly cid: string;
  readonly frame: Json;
}

/** Nothing goes wrong. */
export const NO_FAULTS: Readonly<Faults> = {
  refuse: 0,
  doubt: 0,
  losePush: 0,
  doublePush: 0,
  cut: 0,
  reject: 0,
};

/** Pages are short, so that every catch-up needs several. */
const PAGE = 3;

/**
 * A platform in a few hundred lines: rooms with one log each, de-duplication by watermark, order of a
 * sender, sessions that newer sockets take over, and a network that delays, cuts and repeats.
 */
export class ModelPlatform {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: Faults = { ...NO_FAULTS };
  readonly logs = new Map<string, Stored[]>();
  readonly watermarks = new Map<string, number>();
  readonly connections = new Set<Connection>();
  opened = 0;

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.random = random;
  }

  readonly transport: Transport = (_url, handlers) => new Connection(this, handlers);

  happens(probability: number): boolean {
    return this.random.next() < probability;
  }

  log(room: string): Stored[] {
    const log = this.logs.get(room) ?? [];
    this.logs.set(room, log);
    return log;
  }

  append(user: string, publish: Publish): { id?: string; ts: number; dup: boolean } {
    const cid = parseCid(publish.cid);
    if (!cid) throw new Error(`the client sent the cid ${publish.cid}`);
    const key = `${publish.room} ${senderKey(user, cid.inst)}`;
    const log = this.log(publish.room);
    if (cid.n <= (this.watermarks.get(key) ?? 0)) {
      const first = log.find((stored) => stored.cid === publish.cid);
      return { ...(first && { id: first.id }), ts: this.clock.now(), dup: true };
    }
    this.watermarks.set(key, cid.n);
    const id = formatPosition('model1', 0, log.length * 2);
    const p = log.at(-1)?.id ?? '';
    const frame = messageFrame({
      room: publish.room,
      id,
      p,
      user,
      cid: cid.text,
      ts: this.clock.now(),
      data: toJson(publish.data),
    });
    log.push({ id, cid: publish.cid, frame });
    for (const connection of this.connections) connection.fan(publish.room, frame);
    return { id, ts: this.clock.now(), dup: false };
  }

  catchUp(
    room: string,
    pos: string | undefined,
  ): { fields: { head: string; more: boolean; recovered: boolean }; frames: Json[] } {
    const log = this.log(room);
    const after = log.filter(({ id }) => pos === undefined || id > pos);
    const page = pos === undefined ? after.slice(-PAGE) : after.slice(0, PAGE);
    return {
      fields: { head: log.at(-1)?.id ?? '', more: after.length > page.length, recovered: true },
      frames: page.map(({ frame }) => frame),
    };
  }

  /** Asks every connection to move. */
  drain(): void {
    for (const connection of this.connections) connection.drain();
  }

  /** Ends every connection without a word. */
  kill(): void {
    for (const connection of this.connections) connection.end(1006);
  }
}

/** One socket, both ends of it: frames take a while and keep their order. */
class Connection {
  readonly #platform: ModelPlatform;
  readonly #handlers: SocketHandlers;
  readonly #rooms = new Set<string>();
  readonly #failed = new Map<string, number>();
  #user = '';
  #sid = '';
  #moved = false;
  #down = false;
  #lastIn = 0;
  #lastOut = 0;

  constructor(platform: ModelPlatform, handlers: SocketHandlers) {
    this.#platform = platform;
    this.#handlers = handlers;
    platform.opened += 1;
    this.#travel('out', () => {
      if (platform.happens(platform.faults.reject)) {
        this.end(1006);
        return;
      }
      platform.connections.add(this);
      handlers.onOpen();
    });
  }

  send(frame: string): void {
    this.#travel('in', () => this.#read(frame));
  }

  close(): void {
    this.#leave();
  }

  end(code: number): void {
    if (this.#down) return;
    this.#leave();
    this.#handlers.onClose(code, '');
  }

  drain(): void {
    if (this.#sid === '') return;
    const resume = `${this.#user}/${this.#sid}`;
    this.#out({ drain: { after: [0, 500], deadline: 5_000, resume, reason: 'test' } });
    this.#platform.clock.setTimeout(() => this.end(3002), 5_000);
  }

  fan(room: string, frame: Json): void {
    const { faults } = this.#platform;
    if (!this.#rooms.has(room) || this.#platform.happens(faults.losePush)) return;
    this.#out(frame);
    if (this.#platform.happens(faults.doublePush)) this.#out(frame);
  }

  #leave(): void {
    this.#down = true;
    this.#platform.connections.delete(this);
  }

  #travel(direction: 'in' | 'out', fn: () => void): void {
    const { clock, random } = this.#platform;
    const floor = direction === 'in' ? this.#lastIn : this.#lastOut;
    const at = Math.max(floor, clock.monotonic() + uniform(random, 1, 40));
    if (direction === 'in') this.#lastIn = at;
    else this.#lastOut = at;
    clock.setTimeout(() => {
      if (!this.#down) fn();
    }, at - clock.monotonic());
  }

  #out(line: object | string): void {
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    this.#travel('out', () => this.#handlers.onFrame(text));
  }

  #read(frame: string): void {
    if (this.#platform.happens(this.#platform.faults.cut)) {
      this.end(1006);
      return;
    }
    const line = parseClientFrame(frame);
    if (line.kind === 'request') this.#answer(line);
    else if (line.kind !== 'pong') throw new Error(`the client sent ${frame}`);
  }

  #answer(request: ClientRequest): void {
    const { i, op } = request;
    switch (request.op) {
      case 'hello':
        return this.#hello(request);
      case 'join':
        return this.#out(encodeReply(i, op, this.#join(request.body.room, request.body.pos)));
      case 'sync': {
        const { fields, frames } = this.#platform.catchUp(request.body.room, request.body.from);
        return this.#out(encodeReply(i, op, withMessages(fields, frames)));
      }
      case 'pub':
        return this.#out(this.#publish(i, request.body));
      default:
        throw new Error(`the model knows no ${op}`);
    }
  }

  #hello({ i, body }: Extract<ClientRequest, { op: 'hello' }>): void {
    const [user, sid] = body.resume?.split('/') ?? [];
    this.#user = body.token ?? '';
    if (user !== undefined && user !== this.#user)
      throw new Error(`${this.#user} resumes the session of ${user}`);
    this.#sid = sid ?? this.#platform.random.id(8);
    for (const other of this.#platform.connections) if (other !== this) other.#takeOver(this.#sid);
    const rooms = new Map(
      Object.entries(body.rooms ?? {}).map(([room, { pos }]) => [room, this.#join(room, pos)]),
    );
    const fields = helloReply({ user: this.#user, sid: this.#sid, resume: `${this.#user}/${this.#sid}` });
    this.#out(encodeReply(i, 'hello', withRooms(fields, rooms)));
  }

  #takeOver(sid: string): void {
    if (this.#sid !== sid) return;
    this.#moved = true;
    const { clock, random } = this.#platform;
    clock.setTimeout(() => this.end(3514), uniform(random, 0, 100));
  }

  #join(room: string, pos: string | undefined): Json {
    const { fields, frames } = this.#platform.catchUp(room, pos);
    this.#rooms.add(room);
    return withMessages({ ...fields, occ: 1 }, frames);
  }

  #publish(i: number, body: Publish): Json {
    if (this.#moved) return encodeError(i, protocolError(115));
    const refused = encodeError(i, protocolError(114, undefined, 50));
    const n = parseCid(body.cid)?.n ?? 0;
    const logged = this.#loggedOf(body);
    // What the log has cannot overtake anything: it is acknowledged, and the room stays as it is.
    if (body.re === undefined || n > logged) {
      if (this.#isBehindFailure(body, n, logged)) return refused;
      this.#failed.delete(body.room);
    }
    const refuse = this.#platform.happens(this.#platform.faults.refuse);
    const doubt = this.#platform.happens(this.#platform.faults.doubt);
    if (refuse || doubt) this.#failed.set(body.room, n);
    if (refuse) return refused;
    const reply = encodeReply(i, 'pub', toJson(this.#platform.append(this.#user, body)));
    return doubt ? refused : reply;
  }

  /**
   * Only the failed publish itself, or one before it, opens the room again: a later resend would overtake it. When the
   * failed one has come into the log by way of another connection, the very next number does.
   */
  #isBehindFailure({ room, re }: Publish, n: number, logged: number): boolean {
    const failed = this.#failed.get(room);
    if (failed === undefined || (re !== undefined && n <= failed)) return false;
    return logged < failed || n !== logged + 1;
  }

  /** The highest number of this sender that the log has. */
  #loggedOf({ room, cid }: Publish): number {
    const sender = senderKey(this.#user, parseCid(cid)?.inst ?? '');
    return this.#platform.watermarks.get(`${room} ${sender}`) ?? 0;
  }
}

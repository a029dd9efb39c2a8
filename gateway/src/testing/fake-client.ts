import type { HelloReply, PushBodies } from '@chatplatform/protocol';
import type { Clock, Random, Timer } from '@chatplatform/runtime';
import type { Door } from './fake-door.ts';
import type { FakeSocket } from './fake-sockets.ts';

/** Wait after a refused dial. */
const REDIAL_MS = 1000;
/** Close code of the old socket after a move. */
const TAKEN_OVER = 3514;

interface Link {
  readonly door: Door;
  readonly socket: FakeSocket;
}

/** What a client has around it. */
export interface ClientWorld {
  readonly clock: Clock;
  readonly random: Random;
  /** When clients dialled again. */
  readonly redials: number[];
  /** Some gateway that lets the user in. */
  balance(user: string): Door | undefined;
}

/** A client that reconnects and moves as the protocol asks, and counts what happens to it. */
export class FakeClient {
  readonly user: string;
  readonly mbb: boolean;
  /** `drain` pushes received. */
  told = 0;
  /** Times it arrived at another connection than before. */
  moves = 0;
  /** Dials of a move that were sent on to another gateway. */
  detours = 0;
  /** Times it was without any connection. */
  breaks = 0;
  readonly codes: number[] = [];
  /** Users of the room {@link FakeClient.room} as last told, and who was told to have left it. */
  occ = 0;
  readonly left: string[] = [];
  /** Joined with every hello, where it is set. */
  room: string | undefined;
  readonly #world: ClientWorld;
  #current: Link | undefined;
  #next: Link | undefined;
  #resume: string | undefined;
  #window: readonly [number, number] | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(world: ClientWorld, user: string, mbb: boolean) {
    this.#world = world;
    this.user = user;
    this.mbb = mbb;
  }

  get door(): Door | undefined {
    return this.#current?.door;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Does not dial again before `ms` are over. */
  pauseFor(ms: number): void {
    this.#window = [ms, ms];
  }

  /** Says goodbye. */
  leave(): void {
    this.stop();
    this.#current?.socket.end(1000);
  }

  /** Its gateway is gone without a word. */
  cutOff(): void {
    if (this.#current !== undefined) this.#ended(this.#current, 1006);
  }

  connect(door = this.#world.balance(this.user)): void {
    if (this.#stopped) return;
    if (door === undefined) {
      this.#later([REDIAL_MS, REDIAL_MS]);
      return;
    }
    const { events } = door.options;
    const socket = door.sockets.open();
    const link = { door, socket };
    this.#next = link;
    socket.onFrame = (frame) => {
      for (const line of frame.split('\n')) this.#read(link, line);
    };
    socket.onClose = (code) => {
      events.closed(socket, code);
      this.#ended(link, code);
    };
    events.opened(socket);
    const hello = {
      token: this.user,
      inst: this.user.padStart(16, 'x'),
      caps: this.mbb ? ['mbb'] : [],
      ...(this.#resume !== undefined && { resume: this.#resume }),
      ...(this.room !== undefined && { rooms: { [this.room]: {} } }),
    };
    events.received(socket, JSON.stringify({ i: 0, hello }));
  }

  #read(link: Link, line: string): void {
    const value = JSON.parse(line) as Partial<{ hello: HelloReply } & PushBodies>;
    if (Object.keys(value).length === 0) link.door.options.events.received(link.socket, '{}');
    if (value.hello !== undefined) this.#welcomed(link, value.hello);
    if (value.pr !== undefined) {
      this.occ = value.pr.occ;
      this.left.push(...(value.pr.leave ?? []));
    }
    if (value.bye !== undefined) this.#window = value.bye.after;
    if (value.drain !== undefined) {
      this.told += 1;
      this.#resume = value.drain.resume;
      if (this.mbb) this.#later(value.drain.after);
    }
  }

  #welcomed(link: Link, { resume, rooms = {} }: HelloReply): void {
    const joined = rooms[this.room ?? ''];
    if (joined !== undefined && 'occ' in joined) this.occ = joined.occ;
    if (this.#resume !== undefined) this.moves += 1;
    this.#resume = resume;
    this.#current = link;
    this.#next = undefined;
  }

  #ended(link: Link, code: number): void {
    this.codes.push(code);
    if (link === this.#next) {
      this.#next = undefined;
      if (code === 3003) this.detours += 1;
      this.#later(this.#window ?? [0, REDIAL_MS]);
    } else if (link === this.#current) {
      this.#current = undefined;
      // The normal end of a move may come before the reply to its hello.
      if (code === TAKEN_OVER && this.#next !== undefined) return;
      this.breaks += 1;
      this.#later(this.#window ?? [0, REDIAL_MS]);
    }
  }

  #later([from, to]: readonly [number, number]): void {
    const { clock, random, redials } = this.#world;
    this.#timer?.cancel();
    this.#timer = clock.setTimeout(
      () => {
        if (this.#stopped || this.#next !== undefined) return;
        redials.push(clock.monotonic());
        this.connect();
      },
      from + random.next() * (to - from),
    );
  }
}

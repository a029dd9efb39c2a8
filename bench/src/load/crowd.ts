import { setTimeout } from 'node:timers/promises';
import { centrifugo } from './centrifugo.ts';
import { cp1 } from './cp1.ts';
import type { Dialect } from './dialect.ts';
import { EffortMeter, type LoadEffort } from './effort.ts';
import { LogPublisher, type LogPlan } from './log-publisher.ts';
import { Member } from './member.ts';
import { paced } from './pace.ts';
import { nowUs, payloadOf } from './payload.ts';
import { plain } from './plain.ts';
import { Moves, type MoveReport } from './moves.ts';
import { Rover } from './rover.ts';
import { socketIo } from './socket-io.ts';
import { soketi } from './soketi.ts';
import { Tally, type Counts, type Delays } from './tally.ts';
import { tokenOf } from './token.ts';

const DIALECTS = { centrifugo, cp1, plain, socketIo, soketi } satisfies Record<string, Dialect>;
/** Protocols the load generator speaks. */
export type DialectName = keyof typeof DIALECTS;

/** Connections to open. */
export interface CrowdPlan {
  readonly dialect: DialectName;
  readonly key: string;
  /** Client i uses port i modulo their number. */
  readonly ports: readonly number[];
  /** Client i joins rooms i modulo their number. The first room of a list is the one that is counted. */
  readonly rooms: readonly (readonly string[])[];
  readonly count: number;
  readonly perSecond: number;
  /** They follow when a gateway asks them to leave, and come back when they are cut off. Only in cp1. */
  readonly roving?: boolean;
  /** Messages are written to this log and not sent to the server. */
  readonly log?: LogPlan;
}

/** How connecting went. */
export interface Arrival {
  readonly joined: number;
  readonly failed: number;
  readonly seconds: number;
  readonly refusals: readonly string[];
  readonly effort: LoadEffort;
}

/** Messages to publish. */
export interface PublishPlan {
  readonly rooms: readonly string[];
  readonly perSecond: number;
  readonly burst?: number;
  readonly seconds: number;
}

/** What came of it: everything since the crowd came together, delays and effort since the last report. */
export interface LoadReport extends Counts {
  readonly published: number;
  readonly acked: number;
  readonly refused: number;
  readonly closed: number;
  readonly refusals: readonly string[];
  readonly delays: Delays;
  readonly effort: LoadEffort;
}

/** What publishes into rooms. */
type Publisher = Pick<Member, 'publish' | 'close'>;

/** Enough for connections to be made on a loaded machine; what has not joined by then has failed. */
const JOIN_TIMEOUT_MS = 30_000;
/** Deliveries that are under way when publishing ends. */
const SETTLE_TIMEOUT_MS = 10_000;
/** Twice what the budget of the platform (500 a second) takes for 10 000. */
const MOVE_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
/** Connections opened in one go; half of them have to be in before the next. */
const OUTSTANDING = 500;
const REFUSALS_KEPT = 5;
/** Publishers of a run: one for every so many rooms, so that no connection is the bottleneck. */
const ROOMS_PER_PUBLISHER = 10;

/** All connections of a load process. */
export class Crowd {
  readonly #plan: CrowdPlan;
  readonly #dialect: Dialect;
  readonly #tally = new Tally();
  readonly #countedRoom: string[] = [];
  readonly #members: (Member | Rover)[] = [];
  readonly #moves = new Moves();
  readonly #effort = new EffortMeter();
  readonly #publishers: Publisher[] = [];
  readonly #published = new Map<string, number>();
  readonly #refusals: string[] = [];
  #joined = 0;
  #closed = 0;
  #acked = 0;
  #refused = 0;
  #sent = 0;

  constructor(plan: CrowdPlan) {
    this.#plan = plan;
    this.#dialect = DIALECTS[plan.dialect];
  }

  async assemble(): Promise<Arrival> {
    const { count, perSecond } = this.#plan;
    const startUs = nowUs();
    for (let from = 0; from < count; from += OUTSTANDING) {
      const many = Math.min(OUTSTANDING, count - from);
      await paced({ perSecond, count: many }, (index) => this.#members.push(this.#subscriber(from + index)));
      // Before more are sent after them: a gateway refuses a crowd that waits at its door.
      await this.#wait(() => this.#joined + this.#closed >= from + many / 2, JOIN_TIMEOUT_MS);
    }
    await this.#wait(() => this.#joined + this.#closed >= count, JOIN_TIMEOUT_MS);
    const seconds = (nowUs() - startUs) / 1e6;
    const failed = count - this.#joined;
    return { joined: this.#joined, failed, seconds, refusals: this.#refusals, effort: this.#effort.take() };
  }

  /** Opens what publishes into `rooms`, apart from those who listen. Once for a crowd. */
  async addPublishers(rooms: readonly string[]): Promise<void> {
    if (this.#plan.log !== undefined) {
      this.#publishers.push(new LogPublisher(this.#plan.log, this.#answers));
      return;
    }
    const want = Math.ceil(rooms.length / ROOMS_PER_PUBLISHER);
    const before = this.#joined;
    const joins = this.#dialect.publishersJoin === true;
    for (let number = 0; number < want; number += 1) {
      const own = joins ? rooms.filter((_, at) => at % want === number) : [];
      this.#publishers.push(this.#member(`publisher-${number}`, own, undefined));
    }
    await this.#wait(() => this.#joined >= before + want, JOIN_TIMEOUT_MS);
  }

  /** Publishes by the clock; resolves when the last one was sent. */
  async publish({ rooms, perSecond, burst, seconds }: PublishPlan): Promise<void> {
    const count = Math.round(perSecond * seconds);
    const silent = this.#plan.log === undefined && this.#dialect.silentPublish === true;
    await paced({ perSecond, count, ...(burst !== undefined && { burst }) }, (index, dueUs) => {
      const at = Math.floor(index / (burst ?? 1)) % rooms.length;
      const room = rooms[at] as string;
      const seq = (this.#published.get(room) ?? 0) + 1;
      this.#published.set(room, seq);
      this.#sent += 1;
      if (silent) this.#acked += 1;
      this.#publishers[at % this.#publishers.length]?.publish(room, payloadOf(seq, dueUs));
    });
  }

  /** Somebody else published numbers 1 to `each` into these rooms. */
  owe(rooms: readonly string[], each: number): void {
    for (const room of rooms) this.#published.set(room, each);
  }

  /** Waits for what is under way, then gives the verdict. */
  async report(): Promise<LoadReport> {
    const owed = (member: number): number => this.#published.get(this.#countedRoom[member] as string) ?? 0;
    const total = this.#countedRoom.reduce((sum, _, member) => sum + owed(member), 0);
    await this.#wait(
      () => this.#tally.received >= total && this.#acked + this.#refused >= this.#sent,
      SETTLE_TIMEOUT_MS,
    );
    return {
      ...this.#tally.counts(owed),
      published: this.#sent,
      acked: this.#acked,
      refused: this.#refused,
      closed: this.#closed,
      refusals: this.#refusals,
      delays: this.#tally.takeDelays(),
      effort: this.#effort.take(),
    };
  }

  /** Resolves when `clients` have moved, at least once each, or too much time has passed. */
  async moved(clients: number): Promise<MoveReport> {
    await this.#wait(() => this.#moves.clients >= clients, MOVE_TIMEOUT_MS);
    return this.#moves.report();
  }

  /** Moves count from here. */
  expectMoves(): void {
    this.#moves.begin();
  }

  get received(): number {
    return this.#tally.received;
  }

  close(): void {
    this.#effort.close();
    for (const member of [...this.#members, ...this.#publishers]) member.close();
  }

  #subscriber(index: number): Member | Rover {
    const rooms = this.#plan.rooms[index % this.#plan.rooms.length] ?? [];
    const [counted] = rooms;
    if (counted === undefined) return this.#member(`user-${index}`, rooms, undefined);
    this.#countedRoom.push(counted);
    if (this.#plan.roving === true) return this.#rover(`user-${index}`, counted);
    return this.#member(`user-${index}`, rooms, { tally: this.#tally, index: this.#tally.member() });
  }

  #rover(user: string, room: string): Rover {
    const { key, ports } = this.#plan;
    const index = this.#tally.member();
    let isIn = false;
    return new Rover({
      token: tokenOf(key, user),
      room,
      ports,
      tally: this.#tally,
      index,
      onJoined: () => {
        if (isIn) this.#moves.add(index);
        else this.#joined += 1;
        isIn = true;
      },
      onRefused: (text) => this.#refuse(text),
    });
  }

  readonly #answers = {
    onAcked: (count: number): void => {
      this.#acked += count;
    },
    onRefused: (text: string): void => this.#refuse(text),
  };

  #refuse(text: string): void {
    this.#refused += 1;
    if (this.#refusals.length < REFUSALS_KEPT) this.#refusals.push(text);
  }

  #member(user: string, rooms: readonly string[], checked: ConstructorParameters<typeof Member>[2]): Member {
    const { key, ports } = this.#plan;
    const port = ports[(this.#members.length + this.#publishers.length) % ports.length] as number;
    return new Member(this.#dialect, { user, token: tokenOf(key, user), key, rooms, port }, checked, {
      ...this.#answers,
      onJoined: () => {
        this.#joined += 1;
      },
      onClosed: () => {
        this.#closed += 1;
      },
    });
  }

  async #wait(done: () => boolean, timeoutMs: number): Promise<void> {
    for (const end = performance.now() + timeoutMs; !done() && performance.now() < end; )
      await setTimeout(POLL_MS);
  }
}

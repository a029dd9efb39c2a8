import type { Clock } from '@chatplatform/runtime';
import { Limits, withMessages, type Json, type RoomClass } from '@chatplatform/protocol';
import type { Socket } from '../server/socket.ts';
import { catchUp, type CatchUp, type CatchUpRequest } from './catch-up.ts';
import type { FanOut } from './fan-out.ts';
import type { SharedHistory } from './history.ts';
import type { LocalRoom } from './local-room.ts';
import type { RoomEntry } from './ring.ts';
import { topicOf } from './topics.ts';

/** One room a socket wants to be in. */
export interface JoinRequest extends CatchUpRequest {
  classes: readonly RoomClass[];
  occ: number;
}

/** A join whose history is read, waiting to be completed in one turn of the event loop. */
export interface PreparedJoin {
  room: LocalRoom;
  request: JoinRequest;
  found: CatchUp;
}

/** A join that was completed: the body of its reply, and what has to be sent right behind it. */
export interface CompletedJoin {
  room: LocalRoom;
  body: Json;
  /** Lines pushed since the history was read. */
  behind: string[];
}

/** Rounds of reading again before a join is refused as overloaded; one is normal, two under load. */
const MAX_ROUNDS = 5;

/** Longest wait of one round for a room to catch up: some times what a read takes. */
const REACH_MS = 1000;

/**
 * Joins sockets to rooms so that no message is missed or doubled between reply and pushes.
 *
 * Invariant: for every joined socket, messages of the reply + lines behind it + pushes are one unbroken chain that
 * starts at its position. It holds because, in one turn of the event loop, (1) the room is known to have delivered
 * everything up to the head the reply tells, (2) what waits in the fan-out is flushed to the earlier members, (3) the
 * ring gives everything newer than that head, chained by `p`, and (4) the socket is subscribed.
 */
export class Joiner {
  readonly #history: SharedHistory;
  readonly #fanOut: FanOut;
  readonly #clock: Clock;

  constructor(parts: { history: SharedHistory; fanOut: FanOut; clock: Clock }) {
    this.#history = parts.history;
    this.#fanOut = parts.fanOut;
    this.#clock = parts.clock;
  }

  /** Reads what the socket needs; the room must be entered (its route written) before. */
  async prepare(room: LocalRoom, request: JoinRequest): Promise<PreparedJoin> {
    const found = await catchUp(room, this.#history, request);
    room.seed(found.head, found.vacancy);
    return { room, request, found };
  }

  /**
   * Brings all of `joins` to where they can be completed together, then calls `complete` in the same turn with
   * those that are. What never got there within some rounds of reading is passed as `failed`. Never rejects unless
   * `complete` throws.
   */
  async settle(
    joins: PreparedJoin[],
    complete: (ready: PreparedJoin[], failed: PreparedJoin[]) => void,
  ): Promise<void> {
    let current = joins;
    for (let round = 1; ; round += 1) {
      const lacking = current.filter((join) => this.#behind(join) === undefined);
      if (lacking.length === 0 || round === MAX_ROUNDS) {
        complete(
          current.filter((join) => !lacking.includes(join)),
          lacking,
        );
        return;
      }
      const again = await Promise.all(lacking.map((join) => this.#again(join)));
      current = current.map((join) => again[lacking.indexOf(join)] ?? join);
    }
  }

  /**
   * Finishes joins on one socket; to be called inside the `complete` of `settle`. `send` must write the replies and
   * then every `behind`; subscriptions follow at once.
   */
  complete(socket: Socket, ready: PreparedJoin[], send: (done: CompletedJoin[]) => void): void {
    const budget = new ReplyBudget(Limits.replyBytes);
    const done = ready.map((join) => this.#body(join, budget));
    send(done);
    for (const join of ready) {
      for (const cls of join.request.classes) {
        const topic = topicOf(cls, join.room.name);
        // Waiting lines are older than this member.
        this.#fanOut.flush(topic);
        socket.subscribe(topic);
      }
    }
  }

  #body({ room, request, found }: PreparedJoin, budget: ReplyBudget): CompletedJoin {
    const frames = found.entries.map((entry) => entry.frame);
    const kept = budget.cut(frames, found.ascending, request.latest);
    const body = withMessages(
      {
        head: found.head,
        more: found.more || kept.length < frames.length,
        recovered: found.recovered,
        ...(found.reason !== undefined && { reason: found.reason }),
        occ: request.occ,
      },
      kept,
    );
    const behind = request.classes.includes('msg') ? (this.#behind({ room, request, found }) ?? []) : [];
    return { room, body, behind: behind.map((entry) => entry.frame) };
  }

  /** What was delivered since the reply's head; undefined while that cannot be told. */
  #behind({ room, request, found }: PreparedJoin): RoomEntry[] | undefined {
    const { last } = room;
    if (last === undefined || found.head > last) return undefined;
    const newer = found.head === last ? [] : room.ring.after(found.head);
    const { pos } = request;
    return pos !== undefined && pos > found.head ? newer?.filter((entry) => entry.id > pos) : newer;
  }

  async #again(join: PreparedJoin): Promise<PreparedJoin> {
    const { room, found } = join;
    if (room.last !== undefined && found.head > room.last) {
      // The push is on its way (or lost): the room reads up to there, once for all who wait.
      await Promise.race([room.reach(found.head), this.#clock.sleep(REACH_MS)]);
      return join;
    }
    // What cannot be read now stays lacking; the rounds decide.
    return this.prepare(room, join.request).catch(() => join);
  }
}

/** Cuts replies so that together they stay below the protocol's limit, with at least one message in all. */
export class ReplyBudget {
  #left: number;
  #given = false;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /**
   * The longest run of `frames` that fits: the oldest of them when `ascending`, else the newest.
   *
   * @param atLeastOne one is given whatever the size: by it a client sees that there are values
   */
  cut(frames: readonly string[], ascending: boolean, atLeastOne = false): readonly string[] {
    const ordered = ascending ? frames : frames.toReversed();
    let count = 0;
    for (const frame of ordered) {
      const bytes = Buffer.byteLength(frame);
      if (bytes > this.#left && this.#given && !(atLeastOne && count === 0)) break;
      this.#left -= bytes;
      this.#given = true;
      count += 1;
    }
    return ascending ? frames.slice(0, count) : frames.slice(frames.length - count);
  }
}

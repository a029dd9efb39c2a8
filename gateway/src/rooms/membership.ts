import {
  Limits,
  isPersonalRoom,
  permits,
  protocolError,
  type Join,
  type ProtocolError,
  type RoomClass,
} from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import type { PresenceKeeper } from '../presence/presence-keeper.ts';
import type { Log } from '../publish/log.ts';
import type { Session } from '../session/session.ts';
import type { CompletedJoin, Joiner, JoinRequest, PreparedJoin } from './joiner.ts';
import type { LocalRooms } from './local-rooms.ts';
import { topicOf } from './topics.ts';
import { NotRestored } from './value-history.ts';

/** What membership needs. */
export interface MembershipOptions {
  rooms: LocalRooms;
  joiner: Joiner;
  presence: PresenceKeeper;
  clock: Clock;
  metrics: GatewayMetrics;
  log: () => Log | undefined;
  maxRooms: () => number;
  /** Whether a room keeps the newest value of each key instead of messages. */
  isLatest: (room: string) => boolean;
}

/** A room that could not be joined. */
export interface FailedJoin {
  room: string;
  err: ProtocolError;
}

/** Sends the replies of joins: bodies of what worked, errors of what did not. Called once, synchronously. */
export type Answer = (done: CompletedJoin[], failed: FailedJoin[]) => void;

/** History or routes cannot be reached: the client asks again, nothing is lost meanwhile. */
const UNREACHABLE_AFTER_MS = 2000;

/** Which session is in which room. */
export class Membership {
  readonly #options: MembershipOptions;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /**
   * Joins `session` to all of `wanted` and answers for all at once, in the turn in which the pushes begin. Never
   * rejects; rooms that fail are answered with their error.
   */
  async join(session: Session, wanted: readonly Join[], answer: Answer): Promise<void> {
    const failed: FailedJoin[] = [];
    const prepared: PreparedJoin[] = [];
    await Promise.all(
      wanted.map(async (body) => {
        const refusal =
          this.#refusal(session, body, wanted.length) ?? (await this.#prepare(session, body, prepared));
        if (refusal !== undefined) failed.push({ room: body.room, err: refusal });
      }),
    );
    await this.#options.joiner.settle(prepared, (ready, lacking) => {
      for (const { room } of lacking) failed.push({ room: room.name, err: unreachable() });
      this.#complete(session, ready, (done) => answer(done, failed));
      for (const { room } of lacking) this.#abandon(session, room.name);
    });
  }

  /** The session leaves one room for good. */
  async leave(session: Session, room: string): Promise<void> {
    const classes = session.rooms.get(room) ?? [];
    session.rooms.delete(room);
    session.typing?.delete(room);
    for (const cls of classes) session.socket.unsubscribe(topicOf(cls, room));
    this.#options.rooms.leave(room);
    await this.#options.presence.leave(session, room);
  }

  /** The socket is gone. */
  gone(session: Session, explicit: boolean): void {
    this.#options.presence.gone(session, explicit);
    for (const room of session.rooms.keys()) this.#options.rooms.leave(room);
    session.rooms.clear();
  }

  #refusal(session: Session, { room }: Join, wanted: number): ProtocolError | undefined {
    if (session.rooms.has(room)) return protocolError(105);
    if (!permits(session.holder, room, 'join')) {
      return protocolError(103, 'the token does not grant "join" on this room');
    }
    const max = this.#options.maxRooms();
    // The personal room comes on top: it is not the client's choice.
    if (session.rooms.size + wanted <= max + 1) return undefined;
    return protocolError(106, `a connection may be in ${max} rooms`);
  }

  async #prepare(session: Session, body: Join, prepared: PreparedJoin[]): Promise<ProtocolError | undefined> {
    const { rooms, joiner, presence } = this.#options;
    const log = this.#options.log();
    if (log === undefined) return unreachable();
    let entered = false;
    try {
      const room = await rooms.enter(body.room);
      entered = true;
      const request = this.#request(session, body, log);
      const [occ, found] = await both(presence.enter(session, body.room), joiner.prepare(room, request));
      request.occ = occ;
      prepared.push(found);
      return undefined;
    } catch (error) {
      if (entered) this.#abandon(session, body.room);
      return error instanceof NotRestored
        ? protocolError(114, `${error.message}; join again`, UNREACHABLE_AFTER_MS)
        : unreachable();
    }
  }

  #request(session: Session, body: Join, log: Log): JoinRequest {
    const { room, pos } = body;
    const seesHistory = pos !== undefined || permits(session.holder, room, 'history');
    const limit = pos === undefined ? Limits.joinMessages : Limits.historyMessages;
    return {
      pos,
      limit: seesHistory ? (body.limit ?? limit) : 0,
      latest: this.#options.isLatest(room),
      log: log.prefixOf(room),
      classes: allowedClasses(session, body),
      occ: 0,
    };
  }

  #complete(session: Session, ready: PreparedJoin[], answer: (done: CompletedJoin[]) => void): void {
    const { joiner, rooms, presence, metrics } = this.#options;
    if (session.socket.closed) {
      // It left while we read: its end was handled without these rooms.
      for (const { room } of ready) {
        rooms.leave(room.name);
        void presence.leave(session, room.name);
      }
      return;
    }
    for (const { room, request, found } of ready) {
      session.rooms.set(room.name, request.classes);
      if (request.pos === undefined) continue;
      metrics.recoveries.inc({ source: found.source, result: found.reason ?? 'complete' });
    }
    joiner.complete(session.socket, ready, answer);
  }

  #abandon(session: Session, room: string): void {
    this.#options.rooms.leave(room);
    void this.#options.presence.leave(session, room);
  }
}

/** Waits for both whatever becomes of them: who has to be taken out of a room again must have been put in. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

function allowedClasses(session: Session, { room, classes }: Join): readonly RoomClass[] {
  const seesPresence = !isPersonalRoom(room) && permits(session.holder, room, 'presence');
  return [...new Set(classes)].filter((cls) => cls !== 'presence' || seesPresence);
}

function unreachable(): ProtocolError {
  return protocolError(
    114,
    'the history of the room cannot be reached now; join again',
    UNREACHABLE_AFTER_MS,
  );
}

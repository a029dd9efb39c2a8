import {
  encodeReply,
  Limits,
  personalRoomOf,
  toJson,
  withRooms,
  type Hello,
  type HelloReply,
  type Join,
  type Json,
  type PublishedLimits,
} from '@chatplatform/protocol';
import { SESSION_KEEP_MS, type Sessions } from '@chatplatform/redis';
import type { Clock, Random } from '@chatplatform/runtime';
import type { Identity } from '../auth/identity.ts';
import type { Receipts } from '../presence/receipts.ts';
import type { CompletedJoin } from '../rooms/joiner.ts';
import type { FailedJoin, Membership } from '../rooms/membership.ts';
import { pushReceipts } from './receipt-operations.ts';
import type { ResumeClaim, ResumeTokens } from './resume-token.ts';
import type { Session } from './session.ts';

/** What welcoming needs. */
export interface WelcomeOptions {
  incarnation: string;
  sessions: Sessions;
  resumeTokens: ResumeTokens;
  membership: Membership;
  receipts: Receipts;
  /** Connections of one user: how many may be, and how many other than `sid` are on this gateway. */
  connections: { max: () => number; here: (user: string, sid: string) => number };
  /** Rejects with `RedisError`. */
  liveGateways: () => Promise<ReadonlySet<string>>;
  /** True for a session that was told to move to make room, and would move to a gateway that is as full. */
  isMoreWelcomeElsewhere: (sid: string) => Promise<boolean>;
  clock: Clock;
  random: Random;
  limits: () => PublishedLimits;
  /** Tells the gateway that had the session until now to end its socket. */
  takeOver: (sid: string, generation: number, previous: string | undefined) => void;
  onError: (error: unknown) => void;
}

/** The session a hello gets: the one it resumes, or a new one. */
export interface SessionGrant extends ResumeClaim {
  resumed: boolean;
}

/** A hello that gets no session: the connection ends with this code. */
export interface NoSession {
  close: 3003 | 3504;
  after?: readonly [number, number];
}

/** A place among the connections of a user; `enlisted`: Redis counts it. */
interface Place {
  enlisted: boolean;
}

/** Time between attempts to join the personal room while Redis is away. */
const INSIST_MS = 3000;

/** Its old socket goes on, so there is no hurry to dial again; all dial within a few seconds. */
const DETOUR_WINDOW_MS = [0, 2000] as const;

/** Unguessable: 20 characters of base 36 are 103 bits. */
const SID_LENGTH = 20;

/** Finds the session of a hello and answers it with everything it asked for. */
export class Welcome {
  readonly #options: WelcomeOptions;

  constructor(options: WelcomeOptions) {
    this.#options = options;
  }

  /** What a resume token of `user` says; undefined when it is worth nothing. */
  claim({ user }: Identity, resume: string | undefined): ResumeClaim | undefined {
    return resume === undefined ? undefined : this.#options.resumeTokens.read(user, resume);
  }

  /** The session of `claim`, taken over from whoever has it, or a new one. Never rejects. */
  async grant({ user }: Identity, claim: ResumeClaim | undefined): Promise<SessionGrant | NoSession> {
    if (claim !== undefined && (await this.#options.isMoreWelcomeElsewhere(claim.sid)))
      return { close: 3003, after: DETOUR_WINDOW_MS };
    const sid = claim?.sid ?? this.#newSid();
    const place = await this.#placeOf(user, sid);
    if (place === undefined) return { close: 3504 };
    const resumed = claim && (await this.#resume(user, claim));
    if (resumed !== undefined) return resumed;
    if (claim === undefined) return this.#create(user, sid, place);
    // The token was worth nothing: it is another session that has to find a place.
    const other = this.#newSid();
    const otherPlace = await this.#placeOf(user, other);
    return otherPlace === undefined ? { close: 3504 } : this.#create(user, other, otherPlace);
  }

  /** The socket went before it had the session: it does not count as a connection any more. */
  async giveUp({ sid, generation }: SessionGrant): Promise<void> {
    const { incarnation, sessions, onError } = this.#options;
    await sessions.suspend(sid, { incarnation, generation }, SESSION_KEEP_MS).catch(onError);
  }

  resumeToken(session: Session): string {
    const { user, sid, generation } = session;
    return this.#options.resumeTokens.issue(user, { sid, generation });
  }

  /** Joins the rooms of the hello and replies; pushes begin right behind the reply. */
  async reply(
    session: Session,
    { i, hello, resumed }: { i: number; hello: Hello; resumed: boolean },
  ): Promise<void> {
    const listed = Object.entries(hello.rooms ?? {});
    const wanted: Join[] = listed.map(([room, wish]) => ({ room, ...wish }));
    const personal = personalRoomOf(session.user);
    const asksForPersonal = hello.rooms !== undefined && Object.hasOwn(hello.rooms, personal);
    const wishForPersonal: Join = { room: personal, limit: 0, classes: ['msg', 'receipt'] };
    if (!asksForPersonal) wanted.push(wishForPersonal);
    await this.#options.membership.join(session, wanted, (done, failed) => {
      const bodies = roomBodies(done, failed);
      if (!asksForPersonal) bodies.delete(personal);
      const fields = this.#fields(session, resumed);
      const body = hello.rooms === undefined ? toJson(fields) : withRooms(fields, bodies);
      session.socket.send(encodeReply(i, 'hello', body));
      sendBehind(session, done);
      pushReceipts(this.#options.receipts, session, done);
    });
    if (!asksForPersonal) this.#insist(session, wishForPersonal);
  }

  /** The personal room is nobody's request, so nobody asks again: the gateway does, until it is joined. */
  #insist(session: Session, wish: Join): void {
    if (session.rooms.has(wish.room) || session.socket.closed) return;
    this.#options.clock.setTimeout(() => {
      session.serially(async () => {
        if (session.rooms.has(wish.room)) return;
        await this.#options.membership.join(session, [wish], (done) => {
          sendBehind(session, done);
          pushReceipts(this.#options.receipts, session, done);
        });
        this.#insist(session, wish);
      });
    }, INSIST_MS);
  }

  #fields(session: Session, resumed: boolean): HelloReply {
    return {
      sid: session.sid,
      user: session.user,
      resumed,
      resume: this.resumeToken(session),
      ping: Limits.pingMs,
      pongWait: Limits.pongWaitMs,
      limits: this.#options.limits(),
      gateway: this.#options.incarnation,
      exp: session.identity.exp,
    };
  }

  async #resume(user: string, { sid, generation }: ResumeClaim): Promise<SessionGrant | undefined> {
    const { incarnation, sessions, takeOver, onError } = this.#options;
    try {
      const answer = await sessions.resume(sid, { user, incarnation, generation });
      if (!answer.accepted) return undefined;
      takeOver(sid, answer.generation, answer.previous?.incarnation);
      return { sid, generation: answer.generation, resumed: true };
    } catch (error) {
      // Without Redis the token alone says it: a missing record is accepted as well.
      onError(error);
      takeOver(sid, generation + 1, undefined);
      return { sid, generation: generation + 1, resumed: true };
    }
  }

  #newSid(): string {
    return this.#options.random.id(SID_LENGTH);
  }

  /** Undefined: the user may not have this connection too. Without Redis only the connections here are known. */
  async #placeOf(user: string, sid: string): Promise<Place | undefined> {
    const { incarnation, sessions, liveGateways, connections, onError } = this.#options;
    const max = connections.max();
    try {
      const live = await liveGateways();
      const enlisted = await sessions.enlist(sid, { user, incarnation }, { max, live });
      return enlisted ? { enlisted } : undefined;
    } catch (error) {
      onError(error);
      return connections.here(user, sid) < max ? { enlisted: false } : undefined;
    }
  }

  async #create(user: string, sid: string, { enlisted }: Place): Promise<SessionGrant> {
    const { incarnation, sessions, onError } = this.#options;
    try {
      const { generation } = await sessions.create(sid, { user, incarnation, enlisted });
      return { sid, generation, resumed: false };
    } catch (error) {
      // Written when Redis is back (see the re-assertion of sessions).
      onError(error);
      return { sid, generation: 1, resumed: false };
    }
  }
}

/** The lines that were pushed since the replies' histories were read, in one frame per room. */
export function sendBehind(session: Session, done: readonly CompletedJoin[]): void {
  for (const { behind } of done) if (behind.length > 0) session.socket.send(behind.join('\n'));
}

function roomBodies(done: readonly CompletedJoin[], failed: readonly FailedJoin[]): Map<string, Json> {
  const bodies = new Map<string, Json>(done.map(({ room, body }) => [room.name, body]));
  for (const { room, err } of failed) bodies.set(room, toJson({ err }));
  return bodies;
}

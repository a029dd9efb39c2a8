import {
  encodeError,
  encodePush,
  encodeReply,
  Limits,
  parseCid,
  toJson,
  withMessages,
  type Json,
  type OperationBodies,
  type Position,
} from '@chatplatform/protocol';
import type { RoomOptions } from '@chatplatform/platform';
import type { Presence } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import type { Identity } from '../auth/identity.ts';
import { AuthError } from '../auth/identity.ts';
import { refusalOf } from '../auth/refusal.ts';
import type { PresenceKeeper } from '../presence/presence-keeper.ts';
import type { Receipts } from '../presence/receipts.ts';
import type { Log } from '../publish/log.ts';
import { holeAfter, valuesLost } from '../rooms/catch-up.ts';
import type { HistorySource } from '../rooms/history.ts';
import type { HistoryPage } from '../rooms/local-room.ts';
import { ReplyBudget } from '../rooms/joiner.ts';
import type { Membership } from '../rooms/membership.ts';
import type { RoomCast } from '../rooms/room-cast.ts';
import type { Heartbeat } from './heartbeat.ts';
import { demand, demandJoined, NO_BODY, type Handlers } from './operations.ts';
import { pushReceipts, receiptOperations } from './receipt-operations.ts';
import { Refused } from './refused.ts';
import { demandLog, reachable, scrollBody, whoBody } from './room-reads.ts';
import type { Session } from './session.ts';
import { sendBehind } from './welcome.ts';

/** What the operations work with. */
export interface RoomOperationsOptions {
  clock: Clock;
  membership: Membership;
  history: HistorySource;
  log: () => Log | undefined;
  presence: Presence;
  keeper: PresenceKeeper;
  receipts: Receipts;
  /** The newest message of a room with members here that they were given; undefined before the first. */
  newestOf: (room: string) => Position | undefined;
  /** Whether the log has come to a position; rejects while that cannot be told. */
  isWritten: (position: Position) => Promise<boolean>;
  cast: RoomCast;
  heartbeat: Heartbeat;
  verify: (token: string) => Promise<Identity>;
  optionsOf: (room: string) => RoomOptions;
  metrics: Pick<GatewayMetrics, 'recoveries'>;
}

/** The handlers of every operation after the hello. */
export function roomOperations(options: RoomOperationsOptions): Handlers {
  return {
    refresh: (session, body) => refresh(session, body.token, options),
    join: async (session, i, body) => {
      await options.membership.join(session, [body], (done, failed) => {
        for (const { err } of failed) session.socket.send(encodeError(i, err));
        for (const { body: reply } of done) session.socket.send(encodeReply(i, 'join', reply));
        sendBehind(session, done);
        pushReceipts(options.receipts, session, done);
      });
    },
    leave: async (session, { room }) => {
      demandJoined(session, room);
      await options.membership.leave(session, room);
      return NO_BODY;
    },
    pub: (session, body) => publish(session, body, options),
    sync: (session, body) => sync(session, body, options),
    hist: (session, body) => scrollBack(session, body, options),
    who: (session, body) => who(session, body, options),
    set: async (session, { info }) => {
      await reachable(options.keeper.setInfo(session, info === null ? null : toJson(info)));
      return NO_BODY;
    },
    typing: (session, body) => typing(session, body, options),
    ...receiptOperations(options),
  };
}

async function refresh(session: Session, token: string, options: RoomOperationsOptions): Promise<Json> {
  let identity: Identity;
  try {
    identity = await options.verify(token);
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    if (error.code === 'revoked') session.bye(3507, { msg: error.message });
    throw new Refused(refusalOf(error));
  }
  if (identity.user !== session.user) {
    session.bye(3500, { msg: 'the new token belongs to another user' });
    throw new Refused(101, 'the new token belongs to another user');
  }
  session.identity = identity;
  options.heartbeat.expireAt(session, identity.exp);
  return toJson({ exp: identity.exp });
}

async function publish(
  session: Session,
  body: OperationBodies['pub'],
  options: RoomOperationsOptions,
): Promise<Json> {
  demand(session, body.room, 'publish');
  if (parseCid(body.cid)?.inst !== session.inst) {
    throw new Refused(107, 'pub.cid: must begin with the "inst" of this connection\'s hello');
  }
  if (options.optionsOf(body.room).kind === 'latest' && body.k === undefined) {
    throw new Refused(107, 'pub.k: is missing; this room keeps the latest value of each key');
  }
  const outcome = await session.lanes.publish(body);
  if (!outcome.ok) throw new Refused(outcome.err);
  const { id, ts, dup } = outcome;
  return toJson({ ...(id !== undefined && { id }), ts, dup });
}

async function sync(
  session: Session,
  body: OperationBodies['sync'],
  options: RoomOperationsOptions,
): Promise<Json> {
  const { room, from, max } = body;
  demandJoined(session, room);
  demandLog(from, options.log()?.prefixOf(room));
  if (options.optionsOf(room).kind === 'latest') return syncValues(room, from, options);
  const page = await reachable(options.history.after(room, from, max));
  const reason = holeAfter(page, from);
  const source = reason === undefined ? (page.source ?? 'redis') : 'none';
  options.metrics.recoveries.inc({ source, result: reason ?? 'complete' });
  if (reason !== undefined) {
    const newest = await reachable(options.history.newest(room, max));
    return pageReply(newest, { ascending: false, recovered: false, reason });
  }
  return pageReply(page, { ascending: true, recovered: true });
}

/** The value of every key, as in a join: one that is not named was deleted. */
async function syncValues(
  room: string,
  from: string,
  { history, metrics }: RoomOperationsOptions,
): Promise<Json> {
  const page = await reachable(history.newest(room, Limits.historyMessages));
  const reason = valuesLost(page, from);
  metrics.recoveries.inc({ source: reason === undefined ? 'redis' : 'none', result: reason ?? 'complete' });
  const recovered = reason === undefined;
  return pageReply(page, { ascending: true, recovered, ...(reason !== undefined && { reason }) });
}

async function scrollBack(
  session: Session,
  body: OperationBodies['hist'],
  options: RoomOperationsOptions,
): Promise<Json> {
  const { room, before, max } = body;
  demand(session, room, 'history');
  demandLog(before, options.log()?.prefixOf(room));
  const page = await reachable(options.history.before(room, before, max));
  return scrollBody(page);
}

function pageReply(
  page: HistoryPage,
  how: { ascending: boolean; recovered: boolean; reason?: string },
): Json {
  const frames = page.entries.map((entry) => entry.frame);
  const kept = new ReplyBudget(Limits.replyBytes).cut(frames, how.ascending);
  const { recovered, reason } = how;
  const more = page.more || kept.length < frames.length;
  return withMessages({ head: page.head, more, recovered, ...(reason !== undefined && { reason }) }, kept);
}

async function who(
  session: Session,
  body: OperationBodies['who'],
  options: RoomOperationsOptions,
): Promise<Json> {
  const { room, after, max } = body;
  demand(session, room, 'presence');
  if (!options.optionsOf(room).presence) throw new Refused(104, 'presence is not enabled for this namespace');
  const page = await reachable(options.presence.who(room, { after, max }));
  return whoBody(page);
}

function typing(
  session: Session,
  { room, on }: OperationBodies['typing'],
  options: RoomOperationsOptions,
): void {
  if (!session.rooms.has(room) || !options.optionsOf(room).typing) return;
  const now = options.clock.monotonic();
  session.typing ??= new Map();
  const { typing } = session;
  const last = typing.get(room);
  // "Stopped" may follow at once, so that nobody seems to type after the message came.
  if (on && last !== undefined && now - last < Limits.typingIntervalMs) return;
  if (on) typing.set(room, now);
  else if (!typing.delete(room)) return;
  options.cast.cast({ class: 'ty', room, frame: encodePush({ ty: { r: room, u: session.user, on } }) });
}

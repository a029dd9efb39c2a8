import { escapeUser, permits, personalRoomOf, toJson, type Right } from '@chatplatform/protocol';
import type { RoomOptions } from '@chatplatform/platform';
import type { Presence } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Identity } from '../auth/identity.ts';
import type { Revocations } from '../auth/revocations.ts';
import type { Log } from '../publish/log.ts';
import type { RoomRate } from '../publish/room-rate.ts';
import type { HistorySource } from '../rooms/history.ts';
import { Refused } from '../session/refused.ts';
import { demandLog, reachable, scrollBody, whoBody } from '../session/room-reads.ts';
import type { TokenBuckets } from '../session/token-bucket.ts';
import type { ApiHandlers, Call, Done } from './call.ts';
import type { MessagePublisher } from './message-publisher.ts';

/** What the operations work with. */
export interface HandlersOptions {
  clock: Clock;
  publisher: MessagePublisher;
  /** Publishes of one user, over sockets and requests. */
  userBuckets: TokenBuckets;
  roomRates: TokenBuckets<RoomRate>;
  history: Pick<HistorySource, 'before' | 'newest'>;
  log: () => Log | undefined;
  presence: Pick<Presence, 'who'>;
  optionsOf: (room: string) => RoomOptions;
  revocations: Pick<Revocations, 'revokeToken' | 'revokeUser' | 'disconnect'>;
}

/** How long a revocation is kept when the request does not say: longer than tokens live that anybody should issue. */
const REVOCATION_KEEP_MS = 30 * 86_400_000;
/** The claim that stands for everybody: `admin` on all personal rooms. */
const EVERYBODY = '@**';
const STORE_AFTER_MS = 1000;

/** The operations of the HTTP API. */
export function apiHandlers(options: HandlersOptions): ApiHandlers {
  return {
    postMessage: (call) => postMessage(call, options),
    getMessages: (call) => getMessages(call, options),
    getPresence: (call) => getPresence(call, options),
    disconnectUser: (call) => disconnectUser(call, options),
    revokeTokens: (call) => revokeTokens(call, options),
  };
}

async function postMessage(
  { identity, parameters: { room }, body, headers }: Call<'postMessage'>,
  options: HandlersOptions,
): Promise<Done> {
  demand(identity, room, 'publish');
  if (options.optionsOf(room).kind === 'latest' && body.k === undefined)
    throw new Refused(107, 'body.k: is missing; this room keeps the latest value of each key');
  demandRates(options, identity, room);
  const tp = headers.get('traceparent');
  const message = { room, ...body, ...(tp !== undefined && { tp }) };
  const key = headers.get('idempotency-key');
  const answer = await options.publisher.publish(identity.user, message, key);
  return { status: answer.dup ? 200 : 201, json: toJson(answer) };
}

/** Requests are refused over the rates, not delayed. Who administers a room is bound by the rate of the room only. */
function demandRates({ userBuckets, roomRates }: HandlersOptions, identity: Identity, room: string): void {
  const user = permits(identity, room, 'admin') ? undefined : userBuckets.of(identity.user);
  const rate = roomRates.of(room);
  const waitMs = Math.max(user?.waitMs() ?? 0, rate.waitMsBehindAll());
  if (waitMs > 0)
    throw new Refused(111, `more than the allowed publishes per second; wait ${waitMs} ms`, waitMs);
  user?.take();
  rate.take(identity.user);
}

async function getMessages(
  { identity, parameters: { room }, query: { before, max } }: Call<'getMessages'>,
  { history, log }: HandlersOptions,
): Promise<Done> {
  demand(identity, room, 'history');
  if (before === undefined) return ok(scrollBody(await reachable(history.newest(room, max))));
  demandLog(before, log()?.prefixOf(room));
  return ok(scrollBody(await reachable(history.before(room, before, max))));
}

async function getPresence(
  { identity, parameters: { room }, query: { after, max } }: Call<'getPresence'>,
  { presence, optionsOf }: HandlersOptions,
): Promise<Done> {
  demand(identity, room, 'presence');
  if (!optionsOf(room).presence) throw new Refused(104, 'presence is not enabled for this namespace');
  return ok(whoBody(await reachable(presence.who(room, { after, max }))));
}

async function disconnectUser(
  { identity, parameters: { user } }: Call<'disconnectUser'>,
  { revocations }: HandlersOptions,
): Promise<Done> {
  demandAdminOf(identity, user);
  await stored(revocations.disconnect(user));
  return { status: 204 };
}

async function revokeTokens(
  { identity, body: { jti, sub, before, until } }: Call<'revokeTokens'>,
  { clock, revocations }: HandlersOptions,
): Promise<Done> {
  const end = until ?? clock.now() + REVOCATION_KEEP_MS;
  if (jti !== undefined) {
    demandAdminOfAll(identity);
    await stored(revocations.revokeToken(jti, end));
    return { status: 204 };
  }
  const user = escapeUser(sub ?? '');
  if (user === undefined) throw new Refused(107, 'body.sub: is no subject that this platform accepts');
  demandAdminOf(identity, user);
  await stored(revocations.revokeUser(user, before ?? clock.now(), end));
  return { status: 204 };
}

function ok(json: NonNullable<Done['json']>): Done {
  return { status: 200, json };
}

/** It has taken effect on this gateway; that all others learn of it is certain only when Redis has it. */
async function stored(write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch {
    throw new Refused(114, 'Redis cannot be reached, so it does not hold everywhere yet', STORE_AFTER_MS);
  }
}

function demand(identity: Identity, room: string, right: Right): void {
  if (!permits(identity, room, right))
    throw new Refused(103, `the token does not grant "${right}" on this room`);
}

function demandAdminOf(identity: Identity, user: string): void {
  const room = personalRoomOf(user);
  if (!permits(identity, room, 'admin'))
    throw new Refused(103, `the token does not grant "admin" on ${room}`);
}

function demandAdminOfAll({ caps }: Identity): void {
  if (caps[EVERYBODY]?.includes('admin') !== true)
    throw new Refused(103, `the token does not grant "admin" on ${EVERYBODY}`);
}

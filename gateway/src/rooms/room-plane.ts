import { valueKeyOf } from '@chatplatform/protocol';
import { encodeInboxLine, HotRooms, type InboxGap } from '@chatplatform/redis';
import type { LoadWindow } from '@chatplatform/runtime';
import type { Surroundings } from '../surroundings.ts';
import { Differences } from '../presence/differences.ts';
import { PresenceKeeper } from '../presence/presence-keeper.ts';
import { Receipts } from '../presence/receipts.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { Audit } from './audit.ts';
import type { CastItem } from './cast-item.ts';
import { DeliveryLag } from './delivery-lag.ts';
import { DeliverySpans } from './delivery-spans.ts';
import { FanOut } from './fan-out.ts';
import { flushWindow } from './flush-window.ts';
import { READ_PAGE, SharedHistory } from './history.ts';
import { InboxReader, type InboxReaderOptions } from './inbox-reader.ts';
import { Joiner } from './joiner.ts';
import { LocalRooms } from './local-rooms.ts';
import { Membership } from './membership.ts';
import { Reassertion } from './reassertion.ts';
import { RingBudget, type RoomEntry } from './ring.ts';
import { RoomCast } from './room-cast.ts';
import { topicOf } from './topics.ts';

/** Everything that knows rooms. */
export interface RoomPlane {
  readonly rooms: LocalRooms;
  readonly membership: Membership;
  readonly presence: PresenceKeeper;
  readonly differences: Differences;
  readonly receipts: Receipts;
  readonly cast: RoomCast;
  readonly fanOut: FanOut;
  readonly window: LoadWindow;
  readonly inbox: InboxReader;
  readonly reassertion: Reassertion;
  readonly audit: Audit;
}

/** Builds the rooms side of a gateway. */
export function roomPlane(
  around: Surroundings,
  registry: SessionRegistry,
  control: Pick<InboxReaderOptions, 'takenOver' | 'revoked'>,
): RoomPlane {
  const { clock, incarnation, logger, metrics, redis, optionsOf } = around;
  const onError = (error: unknown): void => logger.debug({ err: error }, 'Redis did not take a change');
  const window = flushWindow();
  const spans = new DeliverySpans(around.tracer);
  const fanOut = fanOutOf(around, window, spans);
  const history = new SharedHistory(around.history);
  const rooms = localRooms(around, { fanOut, history, spans, onError });
  const cast = castOf(around, fanOut);
  const differences = new Differences(clock, (room, frame) => cast.cast({ class: 'pr', room, frame }), {
    onChange: (room, user, here) =>
      around.events.tell({ type: here ? 'member.joined' : 'member.left', room, user, at: clock.now() }),
    // Where all members are on this gateway it has seen every change itself.
    recount: async (room, occ) => ((await cast.isElsewhere(room)) ? redis.presence.count(room) : occ),
  });
  const presence = new PresenceKeeper({
    incarnation,
    presence: redis.presence,
    differences,
    clock,
    optionsOf,
    isIn: (sid, room) => registry.get(sid)?.rooms.has(room) ?? false,
    onError,
  });
  const receipts = receiptsOf(around, { cast, fanOut, onError });
  const joiner = new Joiner({ history, fanOut, clock });
  const maxRooms = (): number => around.live.limits.maxRoomsPerConnection;
  const membership = new Membership({
    rooms,
    joiner,
    presence,
    clock,
    metrics,
    log: around.log,
    maxRooms,
    isLatest: (room) => optionsOf(room).kind === 'latest',
  });
  const reassertion = new Reassertion({
    incarnation,
    rooms,
    registry,
    sessions: redis.sessions,
    presence,
    history: around.history,
    clock,
    onError: (error) => logger.warn({ err: error }, 'routes and heads could not be compared'),
  });
  const audit = auditOf(around, rooms);
  const inbox = new InboxReader({
    incarnation,
    rooms,
    cast,
    metrics,
    toSession: (sid, line) => void registry.get(sid)?.socket.send(line),
    ...control,
    receipts: (room, frame) => receipts.arrived(room, frame),
    onGap: (gap) => void afterGap(gap, reassertion),
    isOfLog: (id) => id.startsWith(around.log()?.epoch ?? ''),
  });
  return {
    rooms,
    membership,
    presence,
    differences,
    receipts,
    cast,
    fanOut,
    window,
    inbox,
    reassertion,
    audit,
  };
}

function auditOf(around: Surroundings, rooms: LocalRooms): Audit {
  const { clock, history, incarnation, logger, metrics, redis } = around;
  return new Audit({
    incarnation,
    rooms,
    routes: redis.routes,
    history,
    clock,
    onMissing: (count) => metrics.routesMissing.inc(count),
    onError: (error) => logger.warn({ err: error }, 'an audit of routes and heads was not finished'),
  });
}

/** After a reconnect somebody may have swept us; a hole in the numbers means only that messages are missing. */
function afterGap(gap: InboxGap, reassertion: Reassertion): Promise<void> {
  return gap.reason === 'reconnect' ? reassertion.everything() : reassertion.compare();
}

function fanOutOf(
  { broadcaster, clock, host, metrics, tracer }: Surroundings,
  window: LoadWindow,
  spans: DeliverySpans,
): FanOut {
  return new FanOut({
    broadcaster,
    windowMs: () => window.ms,
    schedule: (fn, ms) => {
      if (ms === 0) host.soon(fn);
      else clock.setTimeout(fn, ms);
    },
    onFrame: (lines, sockets, topic) => {
      if (tracer.on) spans.sent(topic, sockets);
      metrics.frames.inc();
      metrics.delivered.inc(lines * sockets);
    },
  });
}

interface RoomParts {
  fanOut: FanOut;
  history: SharedHistory;
  spans: DeliverySpans;
  onError: (error: unknown) => void;
}

function localRooms(around: Surroundings, { fanOut, history, spans, onError }: RoomParts): LocalRooms {
  const { clock, incarnation, metrics, redis, tracer } = around;
  const lag = new DeliveryLag(clock, metrics.delivery);
  return new LocalRooms({
    incarnation,
    routes: redis.routes,
    clock,
    onRouteError: onError,
    surroundings: {
      clock,
      budget: new RingBudget(),
      deliver: (room, entries) => {
        if (tracer.on) spans.begin(topicOf('msg', room), entries);
        deliver(fanOut, room, entries);
        lag.sample(entries);
      },
      readAfter: (room, from, atLeast) => history.after(room, from, READ_PAGE, atLeast),
      count: (event) => metrics.roomEvents.inc({ event }),
    },
  });
}

function deliver(fanOut: FanOut, room: string, entries: readonly RoomEntry[]): void {
  const topic = topicOf('msg', room);
  for (const { frame } of entries) fanOut.add(topic, frame, valueKeyOf(frame));
}

function receiptsOf(
  around: Surroundings,
  parts: { cast: RoomCast; fanOut: FanOut; onError: (error: unknown) => void },
): Receipts {
  const { clock, events, metrics, optionsOf } = around;
  return new Receipts({
    clock,
    store: around.receipts,
    optionsOf,
    deliver: (room, frame) => parts.fanOut.add(topicOf('receipt', room), frame),
    send: (room, frame) => parts.cast.toOthers({ class: 'rc', room, frame }),
    tell: (event) => events.tell(event),
    onRisen: (kind) => metrics.receipts.inc({ kind }),
    onError: parts.onError,
  });
}

function castOf({ clock, incarnation, redis }: Surroundings, fanOut: FanOut): RoomCast {
  const topics = { pr: 'presence', ty: 'typing', rc: 'receipt' } as const;
  return new RoomCast({
    incarnation,
    clock,
    routesOf: (room) => redis.routes.of(room),
    hot: new HotRooms({ live: () => redis.gateways.live(), clock }),
    send: (inbox, items: readonly CastItem[]) =>
      redis.inbox.send(inbox, incarnation, items.map(encodeInboxLine)),
    deliver: ({ class: cls, room, frame }) => fanOut.add(topicOf(topics[cls], room), frame),
  });
}

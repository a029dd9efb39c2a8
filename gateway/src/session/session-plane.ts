import { encodeInboxLine, SESSION_KEEP_MS } from '@chatplatform/redis';
import { EVERYBODY, type Degradation } from '../admin/degradation.ts';
import type { RevocationPlane } from '../auth/revocation-plane.ts';
import { Publisher } from '../publish/publisher.ts';
import { RoomRate } from '../publish/room-rate.ts';
import type { Balance } from '../drain/balance.ts';
import type { RoomPlane } from '../rooms/room-plane.ts';
import type { Surroundings } from '../surroundings.ts';
import { Connections } from './connections.ts';
import { Heartbeat } from './heartbeat.ts';
import { Operations } from './operations.ts';
import { ResumeTokens } from './resume-token.ts';
import { roomOperations } from './room-operations.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { Session } from './session.ts';
import { Takeover } from './takeover.ts';
import { TimingWheel } from './timing-wheel.ts';
import { TokenBucket, TokenBuckets } from './token-bucket.ts';
import { Welcome } from './welcome.ts';

/** Everything that knows sockets and sessions. */
export interface SessionPlane {
  readonly connections: Connections;
  readonly wheel: TimingWheel;
  readonly publisher: Publisher;
  /** Publishes by user and by room, over all connections and requests of this gateway. */
  readonly buckets: { readonly users: TokenBuckets; readonly rooms: TokenBuckets<RoomRate> };
  /** Token that lets a client keep `session` on its next connection. */
  resumeToken(session: Session): string;
  /** Forgets rate buckets nobody needs. */
  sweepBuckets(): void;
}

/** What the sessions side stands on. */
export interface SessionPlaneParts {
  registry: SessionRegistry;
  plane: RoomPlane;
  takeover: Takeover;
  degradation: Degradation;
  revoking: RevocationPlane;
  balance: Balance;
}

/** Builds the sessions side of a gateway. */
export function sessionPlane(around: Surroundings, parts: SessionPlaneParts): SessionPlane {
  const { clock, random, metrics, logger, live } = around;
  const { registry, plane, degradation, revoking } = parts;
  const wheel = new TimingWheel(clock);
  const heartbeat = new Heartbeat({ wheel, clock, random });
  const buckets = bucketsOf(around);
  const verify = (token: string) => revoking.verify(token);
  const publisher = publisherOf(around, buckets);
  const resumeTokens = new ResumeTokens(around.authentication.resumeKey);
  const welcome = welcomeOf(around, { ...parts, resumeTokens });
  const connections = new Connections({
    clock,
    wheel,
    metrics,
    verify,
    welcome,
    operations: new Operations({
      handlers: roomOperations({
        ...around,
        membership: plane.membership,
        presence: around.redis.presence,
        receipts: plane.receipts,
        newestOf: (room) => plane.rooms.get(room)?.last,
        keeper: plane.presence,
        cast: plane.cast,
        heartbeat,
        verify,
      }),
      clock,
      logger,
      metrics,
    }),
    heartbeat,
    membership: plane.membership,
    publisher,
    registry,
    limits: () => ({
      requestsPerSecond: live.limits.requestsPerSecondPerConnection,
      requestBurst: live.limits.requestBurstPerConnection,
      recoveryBurst: live.limits.restoreBurstPerConnection,
    }),
    onWelcomed: (session) => {
      // Revoked while the hello was worked on: then this session was not among those that were put out.
      if (revoking.revocations.isRevoked(session.identity)) session.bye(3507);
      session.socket.subscribe(EVERYBODY);
      if (degradation.frame !== undefined) session.socket.send(degradation.frame);
    },
    onGone: (session, explicit) => {
      registry.remove(session);
      void settleSession(around, session, explicit);
    },
  });
  return {
    connections,
    wheel,
    publisher,
    buckets,
    resumeToken: (session) => welcome.resumeToken(session),
    sweepBuckets: () => {
      buckets.rooms.sweep();
      buckets.users.sweep();
    },
  };
}

/** Ends older sockets of sessions, here and on other gateways. */
export function takeoverOf({ incarnation, redis }: Surroundings, registry: SessionRegistry): Takeover {
  return new Takeover({
    incarnation,
    registry,
    tell: (gateway, command) =>
      redis.inbox.send(gateway, incarnation, [
        encodeInboxLine({ class: 'ctl', frame: JSON.stringify(command) }),
      ]),
  });
}

/** A session without a socket can be resumed for a while, one that said goodbye is over. */
async function settleSession(around: Surroundings, session: Session, explicit: boolean): Promise<void> {
  if (session.superseded) return;
  const { sid, user, generation } = session;
  const holder = { incarnation: around.incarnation, generation };
  try {
    if (explicit) await around.redis.sessions.remove(sid, user, holder);
    else await around.redis.sessions.suspend(sid, holder, SESSION_KEEP_MS);
  } catch (error) {
    around.logger.debug({ err: error }, 'the end of a session was not stored; the sweeper clears it');
  }
}

function bucketsOf({ clock, live, optionsOf }: Surroundings): {
  users: TokenBuckets;
  rooms: TokenBuckets<RoomRate>;
} {
  return {
    users: new TokenBuckets(() => {
      const { publishesPerSecondPerUser, publishBurstPerUser } = live.limits;
      return new TokenBucket(clock, publishesPerSecondPerUser, publishBurstPerUser);
    }),
    rooms: new TokenBuckets((room) => new RoomRate(clock, optionsOf(room).publishPerSecond)),
  };
}

function publisherOf(around: Surroundings, { users, rooms }: SessionPlane['buckets']): Publisher {
  const { clock, host, incarnation, producer, log, optionsOf, lastOf, metrics, topics, tracer } = around;
  return new Publisher({
    clock,
    incarnation,
    topic: topics.messages,
    producer,
    tracer,
    lane: host.lane,
    sign: around.signing?.sign,
    log,
    optionsOf,
    userRate: (user) => users.of(user),
    roomRate: (room) => rooms.of(room),
    lastOf,
    onOutcome: (outcome, ms) => {
      if (outcome.ok) metrics.publishAck.observe(ms / 1000);
      const result = outcome.ok ? (outcome.dup ? 'duplicate' : 'acknowledged') : 'refused';
      metrics.publishes.inc({ result });
    },
  });
}

type WelcomeParts = Pick<SessionPlaneParts, 'registry' | 'plane' | 'takeover' | 'balance'> & {
  resumeTokens: ResumeTokens;
};

function welcomeOf(around: Surroundings, parts: WelcomeParts): Welcome {
  const { registry, plane, takeover, balance, resumeTokens } = parts;
  const { clock, incarnation, redis, random, live, logger, metrics } = around;
  return new Welcome({
    incarnation,
    sessions: redis.sessions,
    resumeTokens,
    membership: plane.membership,
    receipts: plane.receipts,
    clock,
    random,
    limits: () => live.published,
    liveGateways: () => redis.gateways.live(),
    connections: {
      max: () => live.limits.maxConnectionsPerUser,
      here: (user, sid) =>
        [...registry.ofUser(user)].filter((session) => session.sid !== sid && !session.ended).length,
    },
    isMoreWelcomeElsewhere: async (sid) => {
      const isSo = await balance.isMoreWelcomeElsewhere(sid);
      if (isSo) metrics.rebalanced.inc({ result: 'sent on' });
      return isSo;
    },
    takeOver: (sid, generation, previous) => takeover.announce(sid, generation, previous),
    onError: (error) => logger.debug({ err: error }, 'a session was not stored; it is when Redis is back'),
  });
}

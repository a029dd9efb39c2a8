import type { Kafka } from '@chatplatform/kafka';
import { LEASE_RENEW_MS, LEASE_SWEEP_MS, RedisError, type LeaseSweep, type Redis } from '@chatplatform/redis';
import type { GatheringWindow } from '@chatplatform/runtime';
import type { AdminServer, Metrics } from '@chatplatform/telemetry';
import type { Degradation } from './admin/degradation.ts';
import type { Api } from './api/api.ts';
import { apiPlane } from './api/api-plane.ts';
import type { RevocationPlane } from './auth/revocation-plane.ts';
import { REVOCATIONS_POLL_MS } from './auth/revocations.ts';
import type { Balance } from './drain/balance.ts';
import type { Drain } from './drain/drain.ts';
import { drainRoutes } from './drain/drain-routes.ts';
import { movers } from './drain/movers.ts';
import type { Rebalance } from './drain/rebalance.ts';
import { sweeper } from './presence/sweeper.ts';
import type { LogKnowledge } from './publish/log-knowledge.ts';
import type { Log } from './publish/log.ts';
import { LOG_LOOK_MS, type LogWatch } from './recovery/log-watch.ts';
import { Repeating } from './repeating.ts';
import { AUDIT_MS } from './rooms/audit.ts';
import type { RoomPlane } from './rooms/room-plane.ts';
import { admission } from './server/admission.ts';
import { AddressRates } from './server/address-rates.ts';
import type { LateBroadcaster } from './server/late-broadcaster.ts';
import type { Server } from './server/server.ts';
import { trustedProxies } from './server/trusted-proxies.ts';
import { Leftovers, TIDY_MS } from './session/leftovers.ts';
import type { SessionRegistry } from './session/session-registry.ts';
import { farewell } from './session/session.ts';
import type { SessionPlane } from './session/session-plane.ts';
import { SlowConsumers } from './session/slow-consumers.ts';
import { secret } from './stores.ts';
import type { Surroundings } from './surroundings.ts';

/** A gateway that runs in this process. */
export interface RunningGateway {
  /** WebSocket address. */
  readonly url: string;
  readonly adminUrl: string;
  readonly incarnation: string;
  /** Moves every client away; resolves when nobody is left. */
  drain(reason: string): Promise<void>;
  /** Ends in order: sockets are told, routes released, connections closed. */
  close(): Promise<void>;
  /** Ends at once as if the process had died: nobody is told, nothing is cleaned up. */
  kill(): Promise<void>;
}

/** Everything a running gateway consists of. */
export interface GatewayParts {
  around: Surroundings;
  broadcaster: LateBroadcaster;
  degradation: Degradation;
  knowledge: LogKnowledge;
  /** Stores this gateway opened itself and therefore closes. */
  owned: { kafka: Kafka | undefined; redis: Redis | undefined };
  plane: RoomPlane;
  registry: SessionRegistry;
  registryOfMetrics: Metrics;
  balance: Balance;
  revoking: RevocationPlane;
  sessions: SessionPlane;
  /** Of requests to the log. */
  spacing: GatheringWindow;
}

/** How often the windows look at the loop. */
const SAMPLE_MS = 100;
/** How often slow readers are looked for: 1 MiB does not fill faster than that over a real network. */
const SLOW_CHECK_MS = 250;
const BUCKET_SWEEP_MS = 30_000;
const INBOX_RETRY_MS = 1000;
/** Redis is there within the first second of a process, as a rule. */
const FIRST_LEASE_RETRY_MS = 250;
/** Time for goodbyes to leave before sockets are cut at the end. */
const LINGER_MS = 100;

/** A gateway from its first socket to its end. */
export class RunningParts implements RunningGateway {
  readonly incarnation: string;
  readonly #parts: GatewayParts;
  readonly #work: Repeating;
  readonly #stops: (() => void)[] = [];
  readonly #drain: Drain;
  readonly #rebalance: Rebalance;
  readonly #leftovers: Leftovers;
  readonly #sweep: LeaseSweep;
  readonly #logWatch: LogWatch;
  #server: Server | undefined;
  #api: Api | undefined;
  #admin: AdminServer | undefined;
  #inbox: { close(): Promise<void> } | undefined;
  #ended = false;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.incarnation = parts.around.incarnation;
    this.#work = new Repeating(parts.around.clock);
    const { drain, rebalance } = movers(parts, () => void this.#announce());
    this.#drain = drain;
    this.#rebalance = rebalance;
    this.#leftovers = leftoversOf(parts);
    const { clock, redis } = parts.around;
    const { gateways, presence } = redis;
    this.#sweep = sweeper({ gateways, presence, differences: parts.plane.differences, clock });
    this.#logWatch = parts.knowledge.watch({
      known: () => parts.plane.rooms.newest(),
      onReplaced: (log) => this.#changeLog(log),
    });
  }

  get url(): string {
    const scheme = this.#parts.around.config.listen.tls === undefined ? 'ws' : 'wss';
    return `${scheme}://${hostOf(this.#parts.around.config.listen.host)}:${this.#server?.port ?? 0}/ws`;
  }

  get adminUrl(): string {
    return `http://${hostOf(this.#parts.around.config.admin.host)}:${this.#admin?.port ?? 0}`;
  }

  async start(): Promise<void> {
    const { around, broadcaster, revoking, sessions } = this.#parts;
    const addresses = new AddressRates(around.clock, () => around.live.limits.connectionsPerSecondPerIP);
    const http = apiPlane(around, { sessions, revoking, addresses, isEnding: () => this.#ended });
    this.#api = http.api;
    this.#work.every(BUCKET_SWEEP_MS, () => http.sweepBuckets());
    this.#followStates();
    void this.#findLog();
    void this.#openInbox();
    const { liveFile } = around.config;
    // Before anybody is let in: what the file holds are the limits of this gateway, not the defaults.
    if (liveFile !== undefined) await around.live.watch(liveFile, around.clock);
    this.#server = await around.host.listen({
      ...around.config.listen,
      maxFrameBytes: around.live.frameBytes,
      events: sessions.connections,
      http: http.api,
      addressOf: trustedProxies(around.config.trustedProxies),
      clock: around.clock,
      onCertificate: (error) => {
        if (error === undefined) around.logger.info('new connections get the renewed certificate');
        else around.logger.error({ err: error }, 'the renewed certificate is not used; the one before stays');
      },
      unsupportedVersion: (connection) => farewell(connection, 3506),
      admit: admission({
        drainingRetrySeconds: () => (this.#ended ? 1 : this.#drain.retrySeconds),
        origins: around.config.origins,
        addresses,
        pending: () => sessions.connections.pending,
        onRefused: ({ status }) => around.metrics.upgradesRefused.inc({ status: status.slice(0, 3) }),
      }),
    });
    broadcaster.attach(this.#server);
    sessions.wheel.start();
    this.#repeat();
    this.#admin = await this.#listenAdmin();
    around.logger.info({ url: this.url, admin: this.adminUrl }, 'listening');
  }

  drain(reason: string): Promise<void> {
    // Behind a Service the endpoint goes away; of a shared port the kernel would still hand us every other dial.
    if (this.#parts.around.config.listen.reusePort) this.#server?.stopListening();
    return this.#drain.start({ reason, unready: true, final: true });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const { around, plane, registry } = this.#parts;
    this.#server?.stopListening();
    await Promise.all([...[...registry.all()].map((s) => s.endAfterAcks(3001)), this.#api?.idle()]);
    await plane.receipts.close();
    await around.clock.sleep(LINGER_MS);
    await plane.rooms.releaseAll();
    // Who may still come back elsewhere counts as long as our lease lives; then others sweep it.
    if (plane.presence.waiting === 0)
      await around.redis.gateways.release(this.incarnation).catch(() => undefined);
    await this.#halt();
  }

  async kill(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#halt();
  }

  async #halt(): Promise<void> {
    const { around, broadcaster, knowledge, owned, plane, sessions } = this.#parts;
    this.#work.stop();
    for (const stop of this.#stops) stop();
    knowledge.stop();
    around.live.stop();
    sessions.wheel.stop();
    broadcaster.attach(undefined);
    this.#server?.close();
    plane.presence.stop();
    plane.differences.stop();
    plane.receipts.stop();
    this.#rebalance.stop();
    plane.rooms.abandon();
    around.authentication.verifier.close();
    around.signing?.stop();
    await Promise.allSettled([this.#inbox?.close(), this.#admin?.close(), around.producer.close()]);
    await Promise.allSettled([owned.kafka?.close(), owned.redis?.close()]);
  }

  #followStates(): void {
    const { around, plane, revoking } = this.#parts;
    const { producer, redis } = around;
    const onRedis = (state: 'up' | 'down'): void => {
      this.#degrade();
      if (state === 'up') {
        void plane.reassertion.everything();
        // Not a second later: until then revoked tokens are let in.
        revoking.revocations.poll().catch(() => undefined);
      } else this.#sweep.afterOutage();
      this.#leftovers.suspect();
    };
    this.#degrade();
    if (redis.state === 'up') revoking.revocations.poll().catch(() => undefined);
    this.#stops.push(
      redis.onState(onRedis),
      producer.onState(() => this.#degrade()),
    );
  }

  #degrade(): void {
    const { around, degradation } = this.#parts;
    const unknown = around.log() === undefined;
    const away = around.redis.state === 'down';
    degradation.set({
      history: away || unknown,
      presence: away,
      publish: unknown || around.producer.state === 'down',
    });
    for (const part of ['history', 'presence', 'publish'] as const) {
      around.metrics.degraded.set({ part }, degradation.parts.includes(part) ? 1 : 0);
    }
  }

  async #findLog(): Promise<void> {
    const { around, knowledge, plane } = this.#parts;
    try {
      await knowledge.find();
    } catch {
      // Only after stop().
      return;
    }
    around.logger.info(
      { epoch: around.log()?.epoch, partitions: around.log()?.partitions },
      'the log is known',
    );
    this.#degrade();
    await plane.reassertion.compare();
  }

  /**
   * Nothing that members have seen can be compared with the new log, so each is told so when it comes back: it names its
   * positions, and is answered `recovered: false` with the reason `epoch`.
   */
  #changeLog(log: Log): void {
    const { around, knowledge, plane, registry } = this.#parts;
    around.logger.warn(
      { epoch: log.epoch, before: around.log()?.epoch, partitions: log.partitions },
      'the log was replaced; members begin anew',
    );
    knowledge.adopt(log);
    plane.rooms.renew();
    const after = [0, around.live.drain.reconnectJitterSeconds * 1000] as const;
    for (const session of [...registry.all()]) session.bye(3010, { after });
  }

  /** What was pushed before the inbox was open is found by comparing heads. */
  async #openInbox(): Promise<void> {
    const { around, plane } = this.#parts;
    while (!this.#ended && this.#inbox === undefined) {
      try {
        this.#inbox = await around.redis.inbox.subscribe(this.incarnation, {
          onItems: (items, from) => plane.inbox.onItems(items, from),
          onGap: (gap) => plane.inbox.onGap(gap),
        });
        await plane.reassertion.compare();
      } catch (error) {
        around.logger.warn({ err: error }, 'the inbox cannot be opened yet');
        await around.clock.sleep(INBOX_RETRY_MS);
      }
    }
    if (this.#ended) await this.#inbox?.close();
  }

  #repeat(): void {
    const { around, plane, registry, revoking, sessions, spacing } = this.#parts;
    const { clock, metrics } = around;
    const handed = (): number => this.#server?.handed ?? 0;
    const slow = new SlowConsumers({ sessions: () => registry.all(), handed, clock, metrics });
    this.#work.every(SAMPLE_MS, () => {
      const utilization = around.host.utilization();
      plane.window.sample(utilization);
      spacing.sample(utilization, clock.monotonic());
      metrics.flushWindow.set(plane.window.ms / 1000);
      metrics.rooms.set(plane.rooms.size);
    });
    this.#work.every(SLOW_CHECK_MS, () => slow.look());
    this.#work.every(BUCKET_SWEEP_MS, () => sessions.sweepBuckets());
    this.#work.every(AUDIT_MS, () => plane.audit.run());
    this.#work.every(LOG_LOOK_MS, () => this.#logWatch.look());
    this.#work.every(TIDY_MS, () => this.#leftovers.run());
    this.#work.every(LEASE_SWEEP_MS, () => this.#sweep.run());
    this.#work.every(REVOCATIONS_POLL_MS, () => revoking.revocations.poll());
    void this.#firstLease();
  }

  /** As long as a gateway holds no lease nobody counts who is here, so the first one is not waited for. */
  async #firstLease(): Promise<void> {
    const { clock, logger } = this.#parts.around;
    for (let held = false; !held && !this.#ended; ) {
      held = await this.#lease().then(
        () => true,
        (error: unknown) => {
          // That Redis is not there yet is said where it is connected to.
          if (!(error instanceof RedisError && error.code === 'unavailable'))
            logger.warn({ err: error }, 'no lease yet');
          return false;
        },
      );
      if (!held) await clock.sleep(FIRST_LEASE_RETRY_MS);
    }
    this.#work.every(LEASE_RENEW_MS, () => this.#lease());
  }

  async #lease(): Promise<void> {
    const { around, plane, sessions } = this.#parts;
    const { lost } = await around.redis.gateways.lease(this.incarnation, {
      state: this.#drain.state === 'serving' ? 'serving' : 'draining',
      address: this.url,
      connections: sessions.connections.size,
    });
    if (lost) {
      this.#leftovers.suspect();
      await plane.reassertion.everything();
    }
    await this.#rebalance.look();
  }

  /** Where Redis is away the next lease says it. */
  async #announce(): Promise<void> {
    await this.#lease().catch(() => undefined);
  }

  async #listenAdmin(): Promise<AdminServer> {
    const { around, registryOfMetrics } = this.#parts;
    const { host, port, tokenFile } = around.config.admin;
    return around.host.listenAdmin({
      host,
      port,
      metrics: registryOfMetrics,
      routes: drainRoutes(this.#drain, await secret('admin.tokenFile', tokenFile)),
      onError: (error) => around.logger.error({ err: error }, 'an admin request failed inside'),
      health: {
        live: () => ({ ok: true }),
        ready: () => ({
          ok: around.authentication.verifier.ready && !this.#drain.unready && !this.#ended,
          detail: { drain: this.#drain.state, degraded: this.#parts.degradation.parts },
        }),
      },
    });
  }
}

function leftoversOf({ around, plane, registry }: GatewayParts): Leftovers {
  return new Leftovers({
    incarnation: around.incarnation,
    sessions: around.redis.sessions,
    presence: plane.presence,
    registry,
    rooms: () => plane.rooms.names(),
  });
}

function hostOf(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

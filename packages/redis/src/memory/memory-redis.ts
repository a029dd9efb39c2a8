import { systemClock, type Clock } from '@chatplatform/runtime';
import { MemoryBudget } from '../budget/memory-budget.ts';
import { RedisError } from '../errors.ts';
import { MemoryDeliveries } from '../deliveries/memory-deliveries.ts';
import { MemoryGateways } from '../gateways/memory-gateways.ts';
import { MemoryHistory } from '../history/memory-history.ts';
import { MemoryIdempotency } from '../idempotency/memory-idempotency.ts';
import { NumberedInbox } from '../inbox/numbered-inbox.ts';
import type { InboxTransport } from '../inbox/transport.ts';
import { MemoryKeyspace } from '../keyspace/memory-keyspace.ts';
import { MemoryLatest } from '../latest/memory-latest.ts';
import { MemoryLocks } from '../locks/memory-locks.ts';
import { MemoryOnline } from '../online/memory-online.ts';
import { NotingGateways } from '../online/noting-gateways.ts';
import { NotingSessions } from '../online/noting-sessions.ts';
import { MemoryPresence } from '../presence/memory-presence.ts';
import { MemoryReceipts } from '../receipts/memory-receipts.ts';
import type { Redis } from '../redis.ts';
import { MemoryRevocations } from '../revocations/memory-revocations.ts';
import { MemoryRoutes } from '../routes/memory-routes.ts';
import { MemorySessions } from '../sessions/memory-sessions.ts';
import { MemoryServer, type MemorySnapshot } from './server.ts';

/** What a process has of its own when several of them share the twin; the store's clock and the bare channels when absent. */
export interface MemoryProcess {
  /** Times heartbeats and silence of its inboxes: stops when the process does. */
  readonly clock?: Clock;
  /** Puts something between the process and the channels, such as delay and loss. */
  readonly network?: (channels: InboxTransport) => InboxTransport;
}

/** The twin in process: one store, any number of openings, and what a test may do to it. */
export interface MemoryRedis {
  /** A {@link Redis} as one process has it; all openings share the data. */
  open(process?: MemoryProcess): Redis;
  /** Every command fails with `unavailable` and every payload is lost, until {@link MemoryRedis.up}. */
  down(): void;
  up(): void;
  /** A state to go back to. */
  snapshot(): MemorySnapshot;
  /** Writes since `snapshot` are lost, as after a failover. */
  restore(snapshot: MemorySnapshot): void;
  /** Every key is lost. */
  wipe(): void;
  /** Payloads to this gateway's inbox vanish while `heard` is false. */
  setHeard(incarnation: string, heard: boolean): void;
}

/** Makes a twin. Tests pass a ManualClock; leases, expiry and the days of watermarks follow it. */
export function memoryRedis(options: { readonly clock?: Clock } = {}): MemoryRedis {
  const server = new MemoryServer(options.clock ?? systemClock);
  return {
    open: (process) => open(server, process),
    down: () => server.down(),
    up: () => server.up(),
    snapshot: () => server.snapshot(),
    restore: (snapshot) => server.restore(snapshot),
    wipe: () => server.wipe(),
    setHeard: (incarnation, heard) => server.setHeard(incarnation, heard),
  };
}

function open(server: MemoryServer, { clock = server.clock, network }: MemoryProcess = {}): Redis {
  const gateways = new MemoryGateways(server);
  const sessions = new MemorySessions(server);
  const online = new MemoryOnline(server);
  const channels: InboxTransport = {
    publish: (channel, payload) => server.publish(channel, payload),
    listen: (names, on) => {
      const stop = server.listen(names, on);
      return Promise.resolve({ close: () => Promise.resolve(stop()) });
    },
  };
  return {
    get state() {
      return server.state;
    },
    onState: (fn) => server.watch(fn),
    ready: () =>
      server.state === 'up'
        ? Promise.resolve()
        : Promise.reject(
            new RedisError('unavailable', 'no connection to Redis: the twin is down; call up()'),
          ),
    history: (epoch) => new MemoryHistory(server, epoch),
    latest: (epoch) => new MemoryLatest(server, epoch),
    receipts: (epoch) => new MemoryReceipts(server, epoch),
    routes: new MemoryRoutes(server),
    presence: new MemoryPresence(server, gateways),
    sessions: new NotingSessions(sessions, online),
    gateways: new NotingGateways(gateways, sessions, online),
    online,
    locks: new MemoryLocks(server),
    deliveries: new MemoryDeliveries(server),
    budget: new MemoryBudget(server),
    idempotency: new MemoryIdempotency(server),
    keyspace: new MemoryKeyspace(server),
    revocations: new MemoryRevocations(server),
    inbox: new NumberedInbox(network?.(channels) ?? channels, clock),
    close: () => Promise.resolve(),
  };
}

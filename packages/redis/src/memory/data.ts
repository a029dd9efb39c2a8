import type { GatewayInfo } from '../gateways/gateways.ts';
import type { HistoryEntry } from '../history/history.ts';
import type { Attempt } from '../idempotency/idempotency.ts';
import type { Generation, Horizon } from '../keyspace/keyspace.ts';
import type { Session } from '../sessions/sessions.ts';

/** The newest message of a client instance in a room on one day. */
export interface Mark {
  readonly n: number;
  readonly offset: number;
}

/** What Redis keeps of a room in one log. Times of ending are ms since 1970. */
export interface MemoryRoom {
  head: string;
  headUntil: number;
  /** Frames not yet rendered. */
  entries: HistoryEntry[];
  entriesUntil: number;
  /** day → instance → mark */
  marks: Map<number, Map<string, Mark>>;
  values: Map<string, MemoryValue>;
  /** Id of the newest value that was ever dropped for the limits, '' for none. */
  droppedValue: string;
}

/** The newest value of a key. */
export interface MemoryValue {
  readonly id: string;
  readonly deleted: boolean;
  readonly frame: string;
}

export interface MemoryDevice {
  incarnation: string;
  since: number;
  info: string;
  infoAt: number;
}

/** The watermarks of a room in one log, '' for none. */
export interface MemoryReceipts {
  users: Map<string, { delivered: string; read: string }>;
  until: number;
}

/** Everything the twin keeps, as plain data: a snapshot is a deep copy. */
export interface MemoryData {
  /** `<epoch>:<room>` → room */
  rooms: Map<string, MemoryRoom>;
  /** `<epoch>:<room>` → receipts */
  receipts: Map<string, MemoryReceipts>;
  routes: Map<string, Set<string>>;
  /** room → user → sid → device */
  presence: Map<string, Map<string, Map<string, MemoryDevice>>>;
  sessions: Map<string, { session: Session; until: number }>;
  userSessions: Map<string, Map<string, string>>;
  leases: Map<string, { until: number; info: GatewayInfo }>;
  gatewayRooms: Map<string, Set<string>>;
  /** incarnation → sid → user */
  gatewaySessions: Map<string, Map<string, string>>;
  budget: { tokens: number; at: number } | undefined;
  /** member → until */
  revoked: { version: number; entries: Map<string, number> };
  /** hashed key → attempt */
  attempts: Map<string, { attempt: Attempt; until: number }>;
  canary: { id: number; complete: boolean } | undefined;
  locks: Map<string, { holder: string; until: number }>;
  /** receiver and id → until */
  deliveries: Map<string, number>;
  /** `+user` or `-user` → when to look */
  due: Map<string, number>;
  online: Map<string, { state: boolean; at: number; told: boolean }>;
  /** part of the log → generation of the keyspace */
  rebuilt: Map<string, Generation>;
  /** part of the log → from where on it is here */
  horizons: Map<string, Horizon>;
}

/** A Redis without keys. */
export function emptyData(): MemoryData {
  return {
    rooms: new Map(),
    receipts: new Map(),
    routes: new Map(),
    presence: new Map(),
    sessions: new Map(),
    userSessions: new Map(),
    leases: new Map(),
    gatewayRooms: new Map(),
    gatewaySessions: new Map(),
    budget: undefined,
    revoked: { version: 0, entries: new Map() },
    attempts: new Map(),
    canary: undefined,
    locks: new Map(),
    deliveries: new Map(),
    due: new Map(),
    online: new Map(),
    rebuilt: new Map(),
    horizons: new Map(),
  };
}

/** The value of `key`, made when it is not there. */
export function ensure<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

import type { GatewayInfo } from '../gateways/gateways.ts';
import type { HistoryEntry } from '../history/history.ts';
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
  values: Map<string, { id: string; deleted: boolean; frame: string }>;
}

export interface MemoryDevice {
  incarnation: string;
  since: number;
  info: string;
  infoAt: number;
}

/** Everything the twin keeps, as plain data: a snapshot is a deep copy. */
export interface MemoryData {
  /** `<epoch>:<room>` → room */
  rooms: Map<string, MemoryRoom>;
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
  canary: { id: number; complete: boolean } | undefined;
}

/** A Redis without keys. */
export function emptyData(): MemoryData {
  return {
    rooms: new Map(),
    routes: new Map(),
    presence: new Map(),
    sessions: new Map(),
    userSessions: new Map(),
    leases: new Map(),
    gatewayRooms: new Map(),
    gatewaySessions: new Map(),
    budget: undefined,
    canary: undefined,
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

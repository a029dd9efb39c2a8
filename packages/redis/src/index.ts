// Everything the platform keeps in Redis, one folder per noun: interface, the real one, the twin in memory.
export { aclLine, redisAccess, type RedisAccess, type RedisComponent } from './access/access.ts';
export type { Budget } from './budget/budget.ts';
export type { RedisConfig } from './connection/config.ts';
export type { RedisLog } from './connection/connection.ts';
export type { Deliveries } from './deliveries/deliveries.ts';
export { RedisError, type RedisErrorCode } from './errors.ts';
export {
  LEASE_MS,
  LEASE_RENEW_MS,
  type GatewayInfo,
  type Gateways,
  type Swept,
} from './gateways/gateways.ts';
export { LEASE_SWEEP_MS, LeaseSweep } from './gateways/lease-sweep.ts';
export { renderFrame } from './history/frame.ts';
export {
  DEFAULT_HISTORY_LIMITS,
  MAX_APPEND,
  type AppendBehind,
  type AppendDone,
  type AppendMessage,
  type AppendRequest,
  type AppendResult,
  type AppendVerdict,
  type History,
  type HistoryEntry,
  type HistoryLimits,
  type HistoryPage,
  type LastOf,
  type Verdict,
} from './history/history.ts';
export type { Attempt, Idempotency } from './idempotency/idempotency.ts';
export { HOT_GATEWAYS, hotChannelOf, HotRooms, isHotChannel } from './inbox/hot-rooms.ts';
export { decodeInboxLine, encodeInboxLine } from './inbox/inbox-line.ts';
export {
  INBOX_HEARTBEAT_MS,
  INBOX_SILENCE_MS,
  type Inbox,
  type InboxClass,
  type InboxGap,
  type InboxHandlers,
  type InboxItem,
  type InboxLine,
  type InboxPublisher,
  type InboxSender,
} from './inbox/inbox.ts';
export type { ChannelEars, InboxTransport } from './inbox/transport.ts';
export {
  partOf,
  valuesOf,
  type Generation,
  type Horizon,
  type Keyspace,
  type KeyspaceLook,
  type KeyspaceState,
} from './keyspace/keyspace.ts';
export {
  DEFAULT_LATEST_LIMITS,
  type Latest,
  type LatestEntry,
  type LatestLimits,
  type LatestMessage,
  type LatestPage,
  type LatestRequest,
  type RestoreRequest,
} from './latest/latest.ts';
export type { Locks } from './locks/locks.ts';
export { memoryRedis, type MemoryProcess, type MemoryRedis } from './memory/memory-redis.ts';
export type { MemorySnapshot } from './memory/server.ts';
export type { DueUser, Online } from './online/online.ts';
export { openRedis, type OpenRedisOptions } from './open-redis.ts';
export type { Device, Presence, Present } from './presence/presence.ts';
export type { Receipts, Watermarks } from './receipts/receipts.ts';
export type { Redis, RedisState } from './redis.ts';
export type { Revocation, Revocations } from './revocations/revocations.ts';
export type { Routes } from './routes/routes.ts';
export {
  SESSION_KEEP_MS,
  type Holder,
  type Resumed,
  type Session,
  type Sessions,
} from './sessions/sessions.ts';

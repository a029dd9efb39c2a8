/**
 * The SDK: one connection to a ChatPlatform that outlives sockets, gateways and outages. For browsers and Node.
 *
 * @packageDocumentation
 */
export { connect, type ConnectOptions } from './connect.ts';
export type { ChatClient } from './chat-client.ts';
export type { ClientEvents, ConnectionState, DegradedPart } from './client-events.ts';
export type { Clock, Random, Timer } from './clock.ts';
export type { TokenSource } from './connection/tokens.ts';
export type {
  Socket,
  SocketHandlers,
  Transport,
  WebSocketClass,
  WebSocketLike,
} from './connection/transport.ts';
export { browserWakes, type WakeSource } from './connection/wake.ts';
export { ClientError, type ClientErrorCode, type ClientErrorDetails } from './errors.ts';
export {
  discardIndexedDbOutbox,
  openIndexedDbOutbox,
  type IndexedDbOutboxOptions,
} from './outbox/indexed-db-outbox.ts';
export type { OutboxStore, StoredPublish } from './outbox/outbox-store.ts';
export type { Settled } from './outbox/outbox.ts';
export type { PendingPublish, Publishing, PublishOptions, PublishResult } from './outbox/publish.ts';
export type { JoinOptions, RoomClass } from './room/join-options.ts';
export type { Message, Value } from './room/message.ts';
export {
  watchPresence,
  type PresenceList,
  type PresenceListEvents,
  type PresenceListOptions,
} from './room/presence-list.ts';
export type { Receipts } from './room/receipts.ts';
export type { LostReason, RoomEvents } from './room/room-events.ts';
export type { HistoryOptions, Person, PresencePage, Room } from './room/room.ts';
export type { Position, ProtocolError } from '@chatplatform/protocol/light';

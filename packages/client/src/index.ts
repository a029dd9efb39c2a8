/** The SDK: one connection to a ChatPlatform that outlives sockets, gateways and outages. Browser and Node. */
export { connect, type ConnectOptions } from './connect.ts';
export { ChatClient, type ClientEvents, type ConnectionState } from './chat-client.ts';
export type { Clock, Random, Timer } from './clock.ts';
export { ClientError, type ClientErrorCode } from './errors.ts';
export type { PublishOptions, PublishResult } from './lane.ts';
export type { Message, Value } from './message.ts';
export type { Publishing } from './outbox.ts';
export { Room, type JoinOptions, type PresencePage, type RoomEvents } from './room.ts';
export type { TokenSource } from './tokens.ts';
export type { Socket, SocketHandlers, Transport, WebSocketClass } from './transport.ts';
export { browserWakes, type WakeSource } from './wake.ts';

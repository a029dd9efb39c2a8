import type * as protocol from '@chatplatform/protocol';
import type { ChatClient } from './chat-client.ts';
import type { ClientEvents, DegradedPart } from './client-events.ts';
import type { Message } from './room/message.ts';
import type { RoomClass } from './room/join-options.ts';
import type { LostReason, RoomEvents } from './room/room-events.ts';
import type { Room } from './room/room.ts';

/** `true` when each can stand for the other; anything else does not compile below. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

interface Chat {
  readonly text: string;
}

/** Compiled, never called. */
const misuse = (client: ChatClient): void => {
  const room = client.join<Chat>('team:42');
  // @ts-expect-error what is published has the type of the room
  void room.publish({ txt: 'hello' });
  // @ts-expect-error so has a value
  void room.set('key', 'hello');
  // @ts-expect-error there is no such event
  room.on('mesage', () => undefined);
  // @ts-expect-error there is no such class
  client.join('team:42', { classes: ['messages'] });
  // @ts-expect-error an event has only its own fields
  client.on('draining', ({ gateway }) => gateway);
};

test('what is wrong does not compile, and public types that mirror the protocol equal it', () => {
  const same: [
    Same<DegradedPart, protocol.DegradedPart>,
    Same<RoomClass, protocol.RoomClass>,
    Same<LostReason, protocol.Unrecovered>,
    Same<RoomEvents<Chat>['message'], Message<Chat>>,
    Same<ReturnType<Room<Chat>['past']>, AsyncGenerator<Message<Chat>, void, void>>,
    Same<Parameters<Room<Chat>['publish']>[0], Chat>,
    Same<ClientEvents['degraded'], { parts: DegradedPart[] }>,
  ] = [true, true, true, true, true, true, true];
  expect(same).not.toContain(false);
  expect(typeof misuse).toBe('function');
  const typed = {} as Room<Chat>;
  const anyRoom: Room = typed;
  expect(anyRoom).toBe(typed);
});

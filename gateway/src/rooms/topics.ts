import type { RoomClass } from '@chatplatform/protocol';

/**
 * Topics of the local publish/subscribe, one per room and class. Messages, values and refusals of order matter share
 * the class `msg`; the others are ephemeral and stop first for a slow reader.
 */
export function topicOf(cls: RoomClass, room: string): string {
  return `${cls} ${room}`;
}

/** Classes a slow reader loses first: nobody is owed them. */
export const EPHEMERAL_CLASSES: readonly RoomClass[] = ['presence', 'receipt', 'typing'];

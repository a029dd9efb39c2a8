import type { PlatformEvent } from '../events.ts';

/** When each event is written. */
export const EventRows: Readonly<Record<PlatformEvent['type'], string>> = {
  'message.accepted':
    'A message has its place: members receive it under this `id`. In the order of the room; again after a restart, with the same `id`.',
  'message.rejected':
    'A message was logged and then refused (by a rule, or as a bad record). Nobody received it.',
  'member.joined': 'A user is in a room: the first of its connections joined.',
  'member.left':
    'A user left a room: the last of its connections left, or was away for longer than the grace.',
  'user.online': 'A user has its first connection.',
  'user.offline': 'A user has no connection any more, for longer than the grace.',
  'message.read': 'A user said that it read a room up to this message.',
};

import { randomBytes } from 'node:crypto';
import { ROOM_PREFIX } from '../targets/chat-platform.ts';

/** Rooms nobody has used before: their numbers begin at 1. */
export function freshRooms(count: number): string[] {
  const run = randomBytes(4).toString('hex');
  return Array.from({ length: count }, (_, number) => `${ROOM_PREFIX}:${run}-${number}`);
}

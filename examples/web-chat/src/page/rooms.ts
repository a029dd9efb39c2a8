/** Rooms of this page have names like `room:lobby`; people see `lobby`. */
const PREFIX = 'room:';
const KEY = 'commons.rooms';
const WELCOMING = ['lobby', 'ideas', 'help'];
/** A visitor's list stays a list. */
const ROOMS_MAX = 50;

/** The room that a text names: `Team 42!` is `team-42`; `undefined` when nothing is left. */
export function roomOf(text: string): string | undefined {
  const plain = text.normalize('NFKD').toLowerCase().replaceAll(/\p{M}/gu, '');
  const slug = plain.replaceAll(/[^a-z0-9._-]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
  return slug === '' ? undefined : PREFIX + slug.slice(0, 60);
}

/** What people see of a room's name. */
export function titleOf(room: string): string {
  return room.startsWith(PREFIX) ? room.slice(PREFIX.length) : room;
}

/** The rooms of the last visit. */
export function rememberedRooms(): string[] {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
    if (Array.isArray(known))
      return known.filter((room) => typeof room === 'string' && room.startsWith(PREFIX));
  } catch {
    // A list that cannot be read is none.
  }
  return WELCOMING.map((name) => PREFIX + name);
}

/** Remembers the rooms for the next visit. */
export function rememberRooms(rooms: readonly string[]): void {
  localStorage.setItem(KEY, JSON.stringify(rooms.slice(0, ROOMS_MAX)));
}

/** Longest room name, characters. */
export const ROOM_NAME_MAX = 128;
/** Longest user id, characters: a personal room is `@` plus the user id. */
export const USER_ID_MAX = ROOM_NAME_MAX - 1;

const ROOM_PATTERN = /^[A-Za-z0-9_.:-][A-Za-z0-9_.:@-]{0,127}$/;
const USER_PATTERN = /^[A-Za-z0-9_.-]{1,127}$/;
// Rooms and users are keys of JSON objects on the wire; this one would change an object's prototype.
const RESERVED = '__proto__';

const PLAIN = /^[A-Za-z0-9_.-]$/;
const DOT = 0x2e;
const DASH = 0x2d;

/** True for a user id: 1-127 characters of `[A-Za-z0-9_.-]` (what {@link escapeUser} makes of a token's `sub`). */
export function isUserId(value: string): boolean {
  return USER_PATTERN.test(value) && value !== RESERVED;
}

/** True for a room name: 1-128 characters of `[A-Za-z0-9_.:@-]`; one that begins with `@` names a user's personal room. */
export function isRoomName(value: string): boolean {
  return (ROOM_PATTERN.test(value) && value !== RESERVED) || isPersonalRoom(value);
}

/** True for the personal room of a user (`@ann`). */
export function isPersonalRoom(room: string): boolean {
  return room.startsWith('@') && isUserId(room.slice(1));
}

/** The personal room of `user`. */
export function personalRoomOf(user: string): string {
  return `@${user}`;
}

/** Whose personal room this is; `undefined` for any other room. */
export function userOfPersonalRoom(room: string): string | undefined {
  return isPersonalRoom(room) ? room.slice(1) : undefined;
}

/**
 * The namespace that a room's options come from: what stands before the first `:`. All personal rooms
 * are the namespace `@`; a room without `:` is in the namespace `''`.
 */
export function namespaceOf(room: string): string {
  if (room.startsWith('@')) return '@';
  const end = room.indexOf(':');
  return end < 0 ? '' : room.slice(0, end);
}

/**
 * Maps the `sub` of a token to a user id, reversibly.
 *
 * Letters, digits, `_`, `.` and `-` stay as they are; every other byte of the UTF-8 text becomes `.-` and
 * two hexadecimal digits (`ann@example.com` is `ann.-40example.com`); a `.` that stands before a `-` is
 * written as `.-2e`, so no two subjects share a user id.
 *
 * @returns `undefined` when there is no user id for it: empty, ill-formed, or longer than 127 characters.
 */
export function escapeUser(subject: string): string | undefined {
  if (isUserId(subject) && !subject.includes('.-')) return subject;
  let user = '';
  const bytes = new TextEncoder().encode(subject);
  for (const [at, byte] of bytes.entries()) {
    const literal = PLAIN.test(String.fromCharCode(byte)) && !(byte === DOT && bytes[at + 1] === DASH);
    user += literal ? String.fromCharCode(byte) : `.-${byte.toString(16).padStart(2, '0')}`;
  }
  return isUserId(user) && unescapeUser(user) === subject ? user : undefined;
}

/** The `sub` that a user id stands for; `undefined` when no `sub` is mapped to it. */
export function unescapeUser(user: string): string | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < user.length; at += 1) {
    const code = /^\.-([0-9a-f]{2})/.exec(user.slice(at, at + 4))?.[1];
    bytes.push(code === undefined ? user.charCodeAt(at) : Number.parseInt(code, 16));
    if (code !== undefined) at += 3;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

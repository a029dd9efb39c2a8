import { z } from 'zod';
import { userOfPersonalRoom } from './room.ts';

/** What a token can allow on a room. `admin` includes the others. */
export const RightSchema = z.enum(['join', 'publish', 'history', 'presence', 'admin']);
/** What a token can allow on a room. `admin` includes the others. */
export type Right = z.infer<typeof RightSchema>;

/** Patterns a token may carry: enough for real use, few enough to be matched on every request. */
const PATTERNS_MAX = 64;
const PATTERN_FORM = /^(?!.*\*\*.)[A-Za-z0-9_.:@*-]{1,128}$/;

const PatternSchema = z.string().refine((pattern) => PATTERN_FORM.test(pattern) && hasPlainPrefix(pattern), {
  error:
    'a room pattern is 1-128 characters of [A-Za-z0-9_.:@*-]; ** may only end it, and its last segment then has no other *',
});

/**
 * The `caps` claim: room pattern to rights. `*` matches within a segment (segments are separated by `:`),
 * `**` at the end matches any rest. A pattern matches personal rooms only if it starts with `@` itself.
 */
export const CapabilitiesSchema = z
  .record(PatternSchema, z.array(RightSchema).max(RightSchema.options.length))
  .refine((caps) => Object.keys(caps).length <= PATTERNS_MAX, {
    error: `a token may carry at most ${PATTERNS_MAX} room patterns`,
  });

/** The `caps` claim: room pattern to rights. */
export type Capabilities = z.infer<typeof CapabilitiesSchema>;

/** Does the claim grant `right` on `room`? No matching pattern means no. */
export function allows(caps: Capabilities, room: string, right: Right): boolean {
  return Object.entries(caps).some(
    ([pattern, rights]) => (rights.includes(right) || rights.includes('admin')) && matchesRoom(pattern, room),
  );
}

/**
 * May `user` with this claim do it? Beyond {@link allows}: a user has `join`, `history` and `presence` on
 * the own personal room without any claim, and on the personal rooms of others only `admin` gives these.
 */
export function permits(holder: { user: string; caps: Capabilities }, room: string, right: Right): boolean {
  const owner = userOfPersonalRoom(room);
  if (owner === undefined || right === 'publish' || right === 'admin')
    return allows(holder.caps, room, right);
  return owner === holder.user || allows(holder.caps, room, 'admin');
}

/** Does a room pattern match a room? */
export function matchesRoom(pattern: string, room: string): boolean {
  if (room.startsWith('@') && !pattern.startsWith('@')) return false;
  const open = pattern.endsWith('**');
  const wanted = (open ? pattern.slice(0, -2) : pattern).split(':');
  const last = wanted.pop() ?? '';
  const given = room.split(':');
  if (given.length <= wanted.length || (!open && given.length !== wanted.length + 1)) return false;
  if (!wanted.every((segment, at) => matchesSegment(segment, given[at] ?? ''))) return false;
  const rest = given.slice(wanted.length).join(':');
  return open ? rest.startsWith(last) : matchesSegment(last, rest);
}

/** Glob with `*`, in time linear in pattern times text: a token must not be able to buy CPU time. */
function matchesSegment(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const head = parts.shift() ?? '';
  const tail = parts.pop();
  if (tail === undefined) return head === text;
  if (!text.startsWith(head) || text.length < head.length + tail.length || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - tail.length;
}

function hasPlainPrefix(pattern: string): boolean {
  if (!pattern.endsWith('**')) return true;
  return !pattern.slice(pattern.lastIndexOf(':') + 1, -2).includes('*');
}

import { Limits } from '../limits.ts';

/** What must happen after a hostile frame, and nothing else: other connections notice nothing. */
export type HostileOutcome =
  /** The reply to `i` refuses with `code`; the message holds `names` (the field that is wrong). The connection lives on. */
  | { readonly kind: 'error'; readonly i: number; readonly code: number; readonly names?: string }
  /** The socket is closed with one of these codes; 1006 where the WebSocket layer itself ends the connection. */
  | { readonly kind: 'close'; readonly codes: readonly number[] }
  /** Nothing comes back, and the connection still answers the next request. */
  | { readonly kind: 'ignored' };

/** A malformed or hostile frame and its designed outcome. */
export interface HostileFrame {
  readonly name: string;
  /** `first`: instead of a hello. `joined`: after a hello and a join of {@link HostileContext.room}. */
  readonly when: 'first' | 'joined';
  /** The frame; a string goes out as text, bytes go out as a binary frame. */
  readonly frame: (context: HostileContext) => string | Uint8Array;
  readonly outcome: HostileOutcome;
}

/** What a case may build its frame from. */
export interface HostileContext {
  /** A room the connection has joined. */
  readonly room: string;
  /** A room of the same kind that it has not joined. */
  readonly otherRoom: string;
  /** A room that the token grants nothing on. */
  readonly forbiddenRoom: string;
  /** The instance id of the connection's hello. */
  readonly inst: string;
  /** A token the gateway accepts, for the cases in place of a hello. */
  readonly token: string;
}

const I = 77;
const error = (code: number, names?: string): HostileOutcome => ({
  kind: 'error',
  i: I,
  code,
  ...(names !== undefined && { names }),
});
const close = (...codes: number[]): HostileOutcome => ({ kind: 'close', codes });
const BROKEN = close(3501);
// A WebSocket library ends a connection that breaks the WebSocket protocol itself; not all send a code.
const TRANSPORT = close(1002, 1003, 1006, 1007, 1009, 3501);

const request = (op: string, body: unknown): string => JSON.stringify({ i: I, [op]: body });
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

type Build = HostileFrame['frame'];
const first = (name: string, outcome: HostileOutcome, frame: Build): HostileFrame => ({
  name,
  when: 'first',
  frame,
  outcome,
});
const joined = (name: string, outcome: HostileOutcome, frame: Build): HostileFrame => ({
  name,
  when: 'joined',
  frame,
  outcome,
});

const publish = (context: HostileContext, over: object): string =>
  request('pub', { room: context.room, cid: `${context.inst}.1`, data: 1, ...over });

const greetings: readonly HostileFrame[] = [
  first('no JSON', BROKEN, () => 'GET / HTTP/1.1'),
  first('an empty frame', BROKEN, () => ''),
  first('a binary frame', BROKEN, () => Uint8Array.of(0, 1, 2, 255)),
  first('a join before the hello', BROKEN, (c) => request('join', { room: c.room })),
  first('a pong before the hello', BROKEN, () => '{}'),
  first('a hello without a token', close(3500), (c) => request('hello', { inst: c.inst, caps: [], sdk: '' })),
  first('a hello with a forged token', close(3500), (c) =>
    request('hello', { token: `${c.token.slice(0, -6)}AAAAAA`, inst: c.inst, caps: [], sdk: '' }),
  ),
  first('a hello whose token says alg none', close(3500), (c) =>
    request('hello', { token: unsigned(c.token), inst: c.inst, caps: [], sdk: '' }),
  ),
  first('a hello without an instance id', BROKEN, (c) =>
    request('hello', { token: c.token, caps: [], sdk: '' }),
  ),
  first('a hello without a number', BROKEN, (c) =>
    JSON.stringify({ hello: { token: c.token, inst: c.inst } }),
  ),
  first('a hello larger than the first frame may be', TRANSPORT, (c) =>
    request('hello', { token: c.token, inst: c.inst, pad: 'x'.repeat(Limits.frameBytes) }),
  ),
];

const lines: readonly HostileFrame[] = [
  joined('half a JSON object', BROKEN, () => '{"i":77,"who":{"room"'),
  joined('an array', BROKEN, () => '[1,2,3]'),
  joined('a bare number', BROKEN, () => '42'),
  joined('null', BROKEN, () => 'null'),
  joined('random bytes as a binary frame', BROKEN, () =>
    Uint8Array.from({ length: 64 }, (_, n) => (n * 151) % 256),
  ),
  joined('a frame over the limit', TRANSPORT, (c) => publish(c, { data: 'x'.repeat(Limits.frameBytes) })),
  joined('JSON nested 30 000 deep', error(107, 'data'), (c) =>
    publish(c, { data: 0 }).replace('"data":0', `"data":${nested(30_000)}`),
  ),
  joined('a request without a number', BROKEN, (c) => JSON.stringify({ who: { room: c.room } })),
  joined('a negative request number', BROKEN, (c) => JSON.stringify({ i: -1, who: { room: c.room } })),
  joined('a request number over 32 bits', BROKEN, (c) =>
    JSON.stringify({ i: 2 ** 32, who: { room: c.room } }),
  ),
  joined('a request number as text', BROKEN, (c) => JSON.stringify({ i: '77', who: { room: c.room } })),
  joined('an unknown operation', error(104), () => request('fly', {})),
  joined('no operation', error(104), () => JSON.stringify({ i: I })),
  joined('two operations in one line', error(104), (c) =>
    JSON.stringify({ i: I, who: { room: c.room }, leave: { room: c.room } }),
  ),
  joined('a second hello', error(104), (c) => request('hello', { token: c.token, inst: c.inst })),
  joined('an operation whose name is __proto__', error(104), () => '{"i":77,"__proto__":{"who":{}}}'),
];

const bodies: readonly HostileFrame[] = [
  joined('a body that is no object', error(107, 'join'), () => request('join', 'lobby')),
  joined('a join without a room', error(107, 'room'), () => request('join', {})),
  joined('a room name with braces', error(107, 'room'), () => request('join', { room: 'a{b}c' })),
  joined('a room name with a line break', error(107, 'room'), () => request('join', { room: 'a\nb' })),
  joined('a room name that is too long', error(107, 'room'), () =>
    request('join', { room: 'x'.repeat(129) }),
  ),
  joined('a room name that is __proto__', error(107, 'room'), () => request('join', { room: '__proto__' })),
  joined('a room the token does not grant', error(103), (c) => request('join', { room: c.forbiddenRoom })),
  joined('a join of a room that is joined', error(105), (c) => request('join', { room: c.room })),
  joined('a position that is none', error(107, 'from'), (c) =>
    request('sync', { room: c.room, from: '../../etc' }),
  ),
  joined('a position of another log', error(112), (c) =>
    request('sync', { room: c.room, from: 'zzzzzz00000000000001' }),
  ),
  joined('a page that is too large', error(107, 'max'), (c) =>
    request('sync', { room: c.room, from: '', max: 1_000_000 }),
  ),
  joined('a publish without data', error(107, 'data'), (c) =>
    request('pub', { room: c.room, cid: `${c.inst}.1` }),
  ),
  joined('a publish without a cid', error(107, 'cid'), (c) => request('pub', { room: c.room, data: 1 })),
  joined('a publish with the number 0', error(107, 'cid'), (c) => publish(c, { cid: `${c.inst}.0` })),
  joined('a publish under the instance id of another client', error(107, 'cid'), (c) =>
    publish(c, { cid: 'someone-elses-instance.1' }),
  ),
  joined('a publish that notifies too many', error(107, 'notify'), (c) =>
    publish(c, { notify: Array.from({ length: Limits.notifyUsers + 1 }, (_, n) => `u${n}`) }),
  ),
  joined('a publish into a room that is not granted', error(103), (c) =>
    publish(c, { room: c.forbiddenRoom }),
  ),
  joined('a status that is too large', error(107, 'info'), () =>
    request('set', { info: 'x'.repeat(Limits.infoBytes) }),
  ),
  joined('a refresh with a forged token', error(101), (c) =>
    request('refresh', { token: `${c.token.slice(0, -6)}AAAAAA` }),
  ),
  joined('a typing notice for a room that is not joined', { kind: 'ignored' }, (c) =>
    JSON.stringify({ typing: { room: c.otherRoom, on: true } }),
  ),
  joined('an acknowledgement of a position that is none', BROKEN, (c) =>
    JSON.stringify({ ack: { r: { [c.room]: 'nowhere' } } }),
  ),
  joined('unknown fields everywhere', { kind: 'ignored' }, (c) =>
    JSON.stringify({ typing: { room: c.room, on: false, colour: 'red' }, trailer: [1] }),
  ),
];

/** The same claims under `alg: none`: what an attacker without a key would try first. */
function unsigned(token: string): string {
  // {"alg":"none","typ":"JWT"}
  return `eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.${token.split('.')[1] ?? ''}.`;
}

/** Malformed and hostile frames with their designed outcomes. */
export const hostileFrames: readonly HostileFrame[] = [...greetings, ...lines, ...bodies];

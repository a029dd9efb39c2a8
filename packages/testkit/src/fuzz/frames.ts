import {
  encodeError,
  isPosition,
  isRoomName,
  linesOf,
  parseClientFrame,
  toJson,
  type ClientLine,
} from '@chatplatform/protocol';
import type { Random } from '@chatplatform/runtime';
import { anyJson, chance, mutateText, oneOf, pick, shrinkText } from './noise.ts';
import { promise, type FuzzTarget } from './target.ts';
import * as values from './values.ts';

type Body = (random: Random) => Record<string, unknown>;

const classes: readonly unknown[] = [['msg'], ['msg', 'presence', 'receipt', 'typing'], [], ['all'], 'msg'];
const marks: Body = (random) => ({
  r: Object.fromEntries(
    values.several(random, () => 0).map(() => [values.room(random), values.position(random)]),
  ),
});

const BODIES: Readonly<Record<string, Body>> = {
  hello: (random) => ({
    token: oneOf(random, ['a.b.c', '', 'x'.repeat(100)]),
    inst: values.inst(random),
    resume: oneOf(random, ['', 'sid.1.mac', 7]),
    rooms: Object.fromEntries([
      [values.room(random), { pos: values.position(random), limit: values.size(random) }],
    ]),
    caps: oneOf(random, [[], ['mbb'], 'mbb', Array.from({ length: 17 }, () => 'x')]),
    sdk: oneOf(random, ['', 'x', 'x'.repeat(129)]),
  }),
  refresh: (random) => ({ token: oneOf(random, ['a.b.c', '', 7]) }),
  join: (random) => ({
    room: values.room(random),
    pos: values.position(random),
    limit: values.size(random),
    classes: oneOf(random, classes),
  }),
  leave: (random) => ({ room: values.room(random) }),
  pub: (random) => ({
    room: values.room(random),
    cid: values.cid(random),
    data: anyJson(random),
    k: oneOf(random, ['key', '', 'x'.repeat(129), 7]),
    re: values.size(random),
    notify: values.several(random, () => values.user(random)),
    tp: values.trace(random),
  }),
  sync: (random) => ({ room: values.room(random), from: values.position(random), max: values.size(random) }),
  hist: (random) => ({
    room: values.room(random),
    before: values.position(random),
    max: values.size(random),
  }),
  ack: marks,
  read: marks,
  typing: (random) => ({ room: values.room(random), on: oneOf(random, [true, false, 1, null]) }),
  who: (random) => ({ room: values.room(random), after: values.user(random), max: values.size(random) }),
  set: (random) => ({ info: anyJson(random) }),
  fly: anyBody,
  __proto__x: anyBody,
};

function anyBody(random: Random): Record<string, unknown> {
  return { x: anyJson(random) };
}

const OPERATIONS = Object.keys(BODIES);

function line(random: Random): string {
  const op = oneOf(random, OPERATIONS);
  const body = BODIES[op]?.(random) ?? {};
  for (const name of Object.keys(body)) if (chance(random, 0.2)) delete body[name];
  const i = chance(random, 0.9) ? pick(random, 2 ** 32) : anyJson(random);
  return JSON.stringify({ i, [op]: chance(random, 0.95) ? body : anyJson(random) });
}

// A reply must never be much larger than what asks for it: a stranger must not buy bandwidth.
const MAX_MESSAGE = 1000;
const KINDS = new Set(['request', 'notice', 'pong', 'refused', 'broken']);

function checkLine(text: string): string {
  const parsed = parseClientFrame(text);
  promise(KINDS.has(parsed.kind), `an unknown kind ${parsed.kind}`);
  if (parsed.kind === 'request' || parsed.kind === 'notice') return checkBody(parsed, text);
  if (parsed.kind === 'pong') return 'pong';
  const msg = parsed.kind === 'refused' ? parsed.err.msg : parsed.msg;
  promise(msg.length < MAX_MESSAGE, `a message of ${msg.length} characters`);
  if (parsed.kind === 'broken') return `broken ${shape(msg)}`;
  const reply = encodeError(parsed.i, parsed.err);
  if (isSampled(text))
    promise(!reply.includes('\n') && JSON.parse(reply) !== null, 'a reply that is no line of JSON');
  return `refused ${parsed.op ?? ''} ${parsed.err.code} ${shape(msg)}`;
}

type Read = Extract<ClientLine, { kind: 'request' | 'notice' }>;

function checkBody(parsed: Read, text: string): string {
  const { op, body } = parsed;
  const named = body as { room?: string; from?: string; pos?: string };
  if (named.room !== undefined) promise(isRoomName(named.room), `${op} let a room through: ${named.room}`);
  for (const position of [named.from, named.pos]) {
    if (position !== undefined) promise(isPosition(position), `${op} let a position through: ${position}`);
  }
  if (isSampled(text)) checkAgain(parsed);
  return `${parsed.kind} ${op} ${Object.keys(body).sort().join(',')}`;
}

/** What was read can be written and is read alike again. */
function checkAgain(parsed: Read): void {
  const { op, body } = parsed;
  const numbered = parsed.kind === 'request' ? { i: parsed.i } : {};
  const again = toJson({ ...numbered, [op]: body });
  promise(!again.includes('\n'), 'a line with a line break');
  const second = parseClientFrame(again);
  promise(
    second.kind === parsed.kind && toJson(second) === toJson(parsed),
    `${op} is read differently again`,
  );
}

/** Reading again costs as much as all the rest: one in four has to do. The choice depends on the input alone. */
function isSampled(text: string): boolean {
  return text.length % 4 === 0;
}

/** A message without what the input put into it. */
function shape(msg: string): string {
  return msg.replaceAll(/"[^"]*"|\d+/g, '#').slice(0, 60);
}

/** Frames of clients: `linesOf` and `parseClientFrame`. */
export const frames: FuzzTarget<string> = {
  name: 'frames',
  generate: (random) => {
    const first = line(random);
    return chance(random, 0.05) ? `${first}\n${line(random)}` : first;
  },
  mutate: mutateText,
  shrink: shrinkText,
  check: (frame) => linesOf(frame).map(checkLine).join(' + ').slice(0, 200),
};

import * as fc from 'fast-check';
import { linesOf, parseClientFrame } from './client-line.ts';
import { byeOf } from './closes.ts';
import { protocolError } from './errors.ts';
import {
  encodeError,
  encodePush,
  encodeReply,
  messageFrame,
  valueFrame,
  valueKeyOf,
  withMessages,
  withRooms,
} from './frame.ts';
import { PushSchemas, ReplySchemas } from './gateway-frames.ts';
import { toJson } from './json.ts';
import { formatPosition } from './position.ts';

const id = formatPosition('abcdef', 1, 5);
const p = formatPosition('abcdef', 1, 4);
const INST = 'abcdefghijklmnop';

describe('lines of a client', () => {
  test('are read with their defaults, unknown fields ignored', () => {
    expect(parseClientFrame('{"i":7,"join":{"room":"team:42","new":1},"new":2}')).toEqual({
      kind: 'request',
      i: 7,
      op: 'join',
      body: { room: 'team:42', classes: ['msg', 'presence', 'receipt', 'typing'] },
    });
    expect(parseClientFrame('{}')).toEqual({ kind: 'pong' });
    expect(parseClientFrame('{"typing":{"room":"a","on":true}}')).toEqual({
      kind: 'notice',
      op: 'typing',
      body: { room: 'a', on: true },
    });
  });

  test('name the field that is wrong', () => {
    const refused = (line: object): unknown => parseClientFrame(JSON.stringify(line));
    expect(refused({ i: 1, pub: { room: 'a', cid: 'x', data: 1 } })).toMatchObject({
      kind: 'refused',
      i: 1,
      err: { code: 107, msg: expect.stringMatching(/^pub\.cid: must be <inst>/) },
    });
    expect(refused({ i: 1, pub: { room: 'a', cid: `${INST}.1` } })).toMatchObject({
      err: { msg: 'pub.data: is missing' },
    });
    expect(refused({ i: 1, join: {} })).toMatchObject({ err: { msg: 'join.room: is missing' } });
    expect(refused({ i: 1, hello: { inst: INST, rooms: { 'a b': {} } } })).toMatchObject({
      err: { msg: expect.stringMatching(/^hello\.rooms\.a b: must be a room name/) },
    });
    expect(refused({ i: 1, join: 5 })).toMatchObject({ err: { msg: expect.stringMatching(/^join: /) } });
  });

  test('that cannot be answered are broken', () => {
    for (const line of [
      '',
      '[]',
      'null',
      '7',
      '{',
      '{"join":{"room":"a"}}',
      '{"i":-1,"join":{"room":"a"}}',
    ]) {
      expect(parseClientFrame(line)).toMatchObject({ kind: 'broken' });
    }
    expect(parseClientFrame('{"i":4294967296,"leave":{"room":"a"}}')).toMatchObject({ kind: 'broken' });
    expect(parseClientFrame('{"typing":{"room":"a b","on":true}}')).toMatchObject({
      kind: 'broken',
      msg: expect.stringContaining('typing.room'),
    });
  });

  test('with no, two or unknown operations get 104', () => {
    for (const line of ['{"i":1}', '{"i":1,"join":{"room":"a"},"leave":{"room":"a"}}', '{"i":1,"fly":{}}']) {
      expect(parseClientFrame(line)).toMatchObject({ kind: 'refused', i: 1, err: { code: 104 } });
    }
  });

  test('never make the parser throw', () => {
    const field = fc.constantFrom(
      'i',
      'hello',
      'join',
      'pub',
      'sync',
      'who',
      'set',
      'typing',
      'room',
      '__proto__',
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.dictionary(field, fc.jsonValue()).map(toJson)),
        (line) => {
          expect(typeof parseClientFrame(line).kind).toBe('string');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('are separated by line breaks', () => {
    expect(linesOf('{}\n{"i":1}\n')).toEqual(['{}', '{"i":1}']);
    expect(linesOf('{}')).toEqual(['{}']);
  });
});

describe('lines of a gateway', () => {
  const message = messageFrame({
    room: 'team:42',
    id,
    p,
    user: 'ann',
    cid: `${INST}.1`,
    ts: 1_760_000_000_000,
    data: toJson({ text: 'line\nbreak \u2028 "quoted"' }),
    tp: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  });

  test('the key of a value is found in its line, whatever the key holds', () => {
    const id = formatPosition('epoch1', 0, 1);
    const keys = fc.string({ unit: 'binary', minLength: 1 });
    fc.assert(
      fc.property(keys, fc.jsonValue(), (k, data) => {
        const line = valueFrame({ room: 'a', k, id, ts: 1, data: toJson(data) });
        expect(valueKeyOf(line)).toBe(toJson(k));
      }),
    );
    expect(valueKeyOf(valueFrame({ room: 'a', k: ',"id":"x', id, ts: 1, data: toJson(1) }))).toBe(
      '",\\"id\\":\\"x"',
    );
    expect(valueKeyOf('{"m":{"r":"a","k":"x","id":"y"}}')).toBeUndefined();
  });

  test('messages and values are one line that their schema accepts', () => {
    expect(message).not.toContain('\n');
    const { m } = JSON.parse(message) as { m: unknown };
    expect(PushSchemas.m.parse(m)).toEqual(m);
    const { v } = JSON.parse(valueFrame({ room: 'a', k: 'k"1', id, ts: 1, data: toJson(null) })) as {
      v: unknown;
    };
    expect(PushSchemas.v.parse(v)).toEqual({ r: 'a', k: 'k"1', id, t: 1, d: null });
  });

  test('replies carry stored lines as they are', () => {
    const join = withMessages({ head: id, more: false, recovered: true, occ: 2 }, [message, message]);
    expect(ReplySchemas.join.parse(JSON.parse(join)).msgs).toHaveLength(2);
    expect(JSON.parse(withMessages({}, []))).toEqual({ msgs: [] });
    const hello = withRooms({ sid: 's' }, new Map([['team:42', join]]));
    expect(JSON.parse(encodeReply(3, 'hello', hello))).toMatchObject({
      i: 3,
      hello: { sid: 's', rooms: { 'team:42': { occ: 2 } } },
    });
    expect(JSON.parse(withRooms({ sid: 's' }, new Map()))).toEqual({ sid: 's', rooms: {} });
  });

  test('refusals and goodbyes come from the tables', () => {
    expect(JSON.parse(encodeError(1, protocolError(111, undefined, 250)))).toMatchObject({
      i: 1,
      err: { code: 111, retry: true, after: 250 },
    });
    expect(JSON.parse(encodePush({ bye: byeOf(3015, 'full', [0, 500]) }))).toEqual({
      bye: { code: 3015, msg: 'full', reconnect: true, after: [0, 500] },
    });
  });
});

import * as fc from 'fast-check';
import { decodeEpoch, encodeEpoch } from './control.ts';
import { decodeEvent, encodeAccepted, encodeEvent, type PlatformEvent } from './events.ts';
import { toJson } from './json.ts';
import { RecordError, decodeRecord, encodeRecord, type NewRecord, type RawRecord } from './record.ts';

const INST = 'abcdefghijklmnop';
const message: NewRecord = {
  room: 'team:42',
  cid: `${INST}.7`,
  user: 'ann',
  gateway: 'gw1',
  sid: 's1',
  data: { text: 'hi\nthere' },
};

function raw(over: Partial<RawRecord> = {}): RawRecord {
  const encoded = encodeRecord(message);
  return { ...encoded, value: Buffer.from(encoded.value), ...over };
}

describe('a record of the message log', () => {
  const headers = raw().headers;

  test('reads back any JSON data', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (data) => {
        const decoded = decodeRecord(encodeRecord({ ...message, data }));
        expect(decoded).toMatchObject({ room: 'team:42', user: 'ann', gateway: 'gw1', sid: 's1' });
        expect(decoded).toHaveProperty('json', JSON.stringify(data));
      }),
    );
  });

  test('names whom it is de-duplicated for', () => {
    expect(decodeRecord(raw())).toMatchObject({
      cid: { inst: INST, n: 7, text: `${INST}.7` },
      sender: `ann/${INST}`,
    });
  });

  test('from the dead letters is de-duplicated for itself only', () => {
    expect(decodeRecord(raw({ headers: { ...headers, origin: '3-17' } }))).toMatchObject({
      cid: { text: `${INST}.7` },
      sender: `ann/${INST}/3-17`,
    });
  });

  test('of another producer may leave gateway and session out, and write JSON in its own manner', () => {
    const decoded = decodeRecord({
      key: 'team:42',
      value: '{ "k": "a",\n "d": {"x": 1 } }',
      headers: { v: '1', cid: `${INST}.1`, u: 'bob', tp: 'nonsense' },
    });
    expect(decoded).toMatchObject({ k: 'a', json: '{"x":1}' });
    expect(decoded).not.toHaveProperty('tp');
    expect(decoded).not.toHaveProperty('gateway');
  });

  test.each<[string, Partial<RawRecord>]>([
    ['version', { headers: { ...headers, v: '2' } }],
    ['version', { headers: {} }],
    ['key', { key: null }],
    ['key', { key: 'a{b}' }],
    ['cid', { headers: { ...headers, cid: 'short.1' } }],
    ['cid', { headers: { ...headers, cid: `${INST}.0` } }],
    ['user', { headers: { ...headers, u: 'a b' } }],
    ['header', { headers: { ...headers, gw: 'a}b' } }],
    ['header', { headers: { ...headers, sid: '' } }],
    ['header', { headers: { ...headers, origin: '3' } }],
    ['value', { value: null }],
    ['value', { value: '{}' }],
    ['value', { value: '{"d":1' }],
    ['value', { value: Uint8Array.of(0xff) }],
    ['value', { value: `{"d":${'['.repeat(40)}${']'.repeat(40)}}` }],
    ['value', { value: '{"d":1,"notify":["a b"]}' }],
  ])('that is none is refused for its %s', (code, over) => {
    const decoded = decodeRecord(raw(over));
    expect(decoded).toBeInstanceOf(RecordError);
    expect(decoded).toMatchObject({ code, retryable: false });
  });

  test('never makes the decoder throw', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uint8Array(),
        fc.dictionary(fc.string(), fc.string()),
        (key, value, extra) => {
          expect(() => decodeRecord({ key, value, headers: { ...headers, ...extra } })).not.toThrow();
        },
      ),
    );
  });
});

describe('the other topics', () => {
  test('the epoch record reads back', () => {
    expect(decodeEpoch(encodeEpoch({ epoch: 'abc123', createdAt: 5 }))).toEqual({
      epoch: 'abc123',
      createdAt: 5,
    });
    expect(decodeEpoch('{"epoch":"ABC"}')).toBeUndefined();
    expect(decodeEpoch('nonsense')).toBeUndefined();
  });

  test('property: an accepted message is written from serialised data as from the event', () => {
    const accepted = fc.record(
      {
        data: fc.jsonValue({ maxDepth: 3 }),
        k: fc.string({ unit: 'binary', minLength: 1 }),
        notify: fc.array(fc.constantFrom('ann', 'bob')),
        tp: fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
      },
      { requiredKeys: ['data'] },
    );
    const place = { room: 'team:1', id: 'abc12300000000000007', p: '', user: 'ann', cid: `${INST}.7`, at: 5 };
    fc.assert(
      fc.property(accepted, ({ data, ...more }) => {
        const event: PlatformEvent = { type: 'message.accepted', ...place, data, ...more };
        expect(encodeAccepted({ ...place, data: toJson(data), ...more })).toEqual(encodeEvent(event));
      }),
    );
  });

  test('events read back under the key of their room or user', () => {
    const joined: PlatformEvent = { type: 'member.joined', room: 'team:1', user: 'ann', at: 1 };
    expect(encodeEvent(joined).key).toBe('team:1');
    expect(decodeEvent(encodeEvent(joined).value)).toEqual(joined);
    const online: PlatformEvent = { type: 'user.online', user: 'ann', at: 1 };
    expect(encodeEvent(online).key).toBe('ann');
    expect(decodeEvent('{"type":"of.tomorrow"}')).toBeUndefined();
  });
});

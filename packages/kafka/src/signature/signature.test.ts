import { createHmac, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { canonicalText } from './canonical.ts';
import { SIGNATURE_HEADER, signer, verifier, type SigningKeys } from './signature.ts';

const [k1, k2] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
const old: SigningKeys = { active: 'k1', keys: { k1 } };
const both: SigningKeys = { active: 'k2', keys: { k1, k2 } };
const record = {
  key: 'team:42',
  value: '{"d":1}',
  headers: { v: '1', cid: 'abcdefghijklmnop.1', u: 'ann', gw: 'gw-1', sid: 's1' },
};

test('what was signed is good, as text and as the bytes that come out of the log', () => {
  const signed = signer(() => old)(record);
  const verify = verifier(() => old);
  expect(verify(signed)).toBe('good');
  expect(verify({ ...signed, value: Buffer.from(signed.value) })).toBe('good');
  expect(signed.headers).toMatchObject(record.headers);
});

test('the text that is signed is what the documentation says', () => {
  const text = '7:team:42,7:{"d":1},1:1,18:abcdefghijklmnop.1,3:ann,4:gw-1,2:s1,-,-,-,';
  expect(canonicalText(record).toString()).toBe(text);
  const mac = createHmac('sha256', Buffer.from(k1, 'base64')).update(text).digest('base64url');
  expect(signer(() => old)(record).headers).toHaveProperty(SIGNATURE_HEADER, `k1.${mac}`);
});

test.each([
  ['key', { key: 'team:43' }],
  ['value', { value: '{"d":2}' }],
  ['value', { value: null }],
  ...['v', 'cid', 'u', 'gw', 'sid', 'tp', 're', 'origin'].map(
    (name) => [name, { headers: { [name]: 'x' } }] as [string, { headers: Record<string, string> }],
  ),
])('a changed %s is found', (_, change) => {
  const signed = signer(() => old)(record);
  const headers = { ...signed.headers, ...('headers' in change ? change.headers : {}) };
  expect(verifier(() => old)({ ...signed, ...change, headers })).toBe('wrong');
});

test('a header that is not covered may be added', () => {
  const signed = signer(() => old)(record);
  expect(verifier(() => old)({ ...signed, headers: { ...signed.headers, 'x-trace': '1' } })).toBe('good');
});

test('a key is replaced without a moment in which good records are refused', () => {
  const early = signer(() => old)(record);
  const late = signer(() => both)(record);
  expect(verifier(() => both)(early)).toBe('good');
  expect(verifier(() => both)(late)).toBe('good');
  expect(verifier(() => old)(late)).toBe('unknown-key');
});

test('no signature, and what is no signature', () => {
  const verify = verifier(() => old);
  expect(verify(record)).toBe('missing');
  for (const sig of ['', 'k1', 'k1.', 'k1.abc', '.'.repeat(50), `__proto__.${'a'.repeat(43)}`]) {
    expect(['wrong', 'unknown-key']).toContain(verify({ ...record, headers: { ...record.headers, sig } }));
  }
});

test('a key that is missing or too short signs nothing, and the message says what to write', () => {
  expect(() => signer(() => ({ active: 'k9', keys: { k1 } }))).toThrow(
    '"k9" has 0 bytes; put 32 random ones',
  );
  expect(() => signer(() => ({ active: 'k', keys: { k: 'c2hvcnQ=' } }))).toThrow('has 5 bytes');
});

test('property: different records have different texts', () => {
  const field = fc.oneof(fc.constant(null), fc.string());
  const shape = fc.record({
    key: field,
    value: field,
    headers: fc.record({ v: fc.string(), cid: fc.string() }),
  });
  fc.assert(
    fc.property(shape, shape, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      expect(canonicalText(a).equals(canonicalText(b))).toBe(same);
    }),
  );
});

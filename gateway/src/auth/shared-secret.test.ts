import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { jwtVerify } from 'jose';
import { SharedSecretTokens, type Expected } from './shared-secret.ts';

const NOW_SECONDS = 1_800_000_000;
const bytes = Buffer.from('a secret of at least thirty-two bytes');
const secret = createSecretKey(bytes);
const expected: Expected = {
  issuer: 'tests',
  audience: 'chat',
  algorithms: ['HS256', 'HS512'],
  clockToleranceSeconds: 5,
  now: NOW_SECONDS * 1000 + 999,
};

function tokenOf(header: unknown, payload: unknown, hash = 'sha256', key = bytes): string {
  return sealed(encode(header), encode(payload), hash, key);
}

function sealed(header: string, payload: string, hash = 'sha256', key = bytes): string {
  const signature = createHmac(hash, key).update(`${header}.${payload}`).digest('base64url');
  return `${header}.${payload}.${signature}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function asJose(token: string): Promise<unknown> {
  const answer = await jwtVerify(token, secret, {
    issuer: expected.issuer,
    audience: expected.audience,
    algorithms: [...expected.algorithms],
    clockTolerance: expected.clockToleranceSeconds,
    requiredClaims: ['sub', 'exp'],
    currentDate: new Date(expected.now),
  }).catch(() => undefined);
  return answer?.payload;
}

const plain = { sub: 'ann', iss: 'tests', aud: 'chat', exp: NOW_SECONDS + 60 };
const claimsOf = (token: string): unknown => new SharedSecretTokens().claims(token, secret, expected);

const seconds = fc.constantFrom(-3600, -6, -5, -4, 0, 4, 5, 6, 3600).map((by) => NOW_SECONDS + by);
const odd = fc.constantFrom<unknown>(null, '', 'others', 0, 1.5, [], ['chat'], ['others', 'chat'], {}, true);
const mostly = (usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: odd });
const claims = fc.record(
  {
    sub: mostly(fc.string()),
    iss: mostly(fc.constant('tests')),
    aud: mostly(fc.constantFrom<unknown>('chat', ['a', 'chat'])),
    exp: mostly(seconds),
    nbf: mostly(seconds),
    iat: mostly(seconds),
    jti: mostly(fc.string()),
    caps: fc.jsonValue(),
  },
  { requiredKeys: ['sub', 'iss', 'aud', 'exp'] },
);
const usual = {
  alg: fc.oneof(
    { weight: 8, arbitrary: fc.constant('HS256') },
    fc.constantFrom('HS512', 'HS384', 'none', 'RS256', 1),
  ),
  typ: fc.constantFrom<unknown>('JWT', 'at+jwt', 1),
  kid: fc.string(),
};
const unusual = { crit: fc.constantFrom<unknown>(['exp'], ['b64'], []), b64: fc.boolean() };
const header = fc.oneof(
  { weight: 3, arbitrary: fc.record(usual, { requiredKeys: ['alg'] }) },
  { weight: 1, arbitrary: fc.record({ ...usual, ...unusual }, { requiredKeys: ['alg'] }) },
);

describe('tokens signed with a shared secret', () => {
  test('what is accepted at once is what jose accepts, with the same claims', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(header, claims, fc.constantFrom('sha256', 'sha512'), async (head, body, hash) => {
        const token = tokenOf(head, body, hash);
        const found = claimsOf(token);
        if (found === undefined) return;
        accepted += 1;
        expect(await asJose(token)).toEqual(found);
      }),
      { numRuns: 600 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test('not a byte of a good token can be another one', () => {
    const good = tokenOf({ alg: 'HS256' }, plain);
    const flipped = fc.tuple(fc.nat(good.length - 1), fc.constantFrom('A', 'b', '-', '.', '=', ' ', 'é'));
    fc.assert(
      fc.property(flipped, ([at, by]) => {
        fc.pre(good[at] !== by);
        expect(claimsOf(good.slice(0, at) + by + good.slice(at + 1))).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['HS256', 'sha256'],
    ['HS512', 'sha512'],
  ])('a plain token of %s needs nobody else', async (alg, hash) => {
    const token = tokenOf({ alg, typ: 'JWT', kid: 'one' }, plain, hash);
    expect(claimsOf(token)).toEqual(plain);
    expect(await asJose(token)).toEqual(plain);
  });

  test.each([
    ['another secret', tokenOf({ alg: 'HS256' }, plain, 'sha256', Buffer.from('x'.repeat(32)))],
    ['an algorithm that is not allowed', tokenOf({ alg: 'HS384' }, plain, 'sha384')],
    ['no signature', `${encode({ alg: 'none' })}.${encode(plain)}.`],
    ['extensions that have to be understood', tokenOf({ alg: 'HS256', crit: ['exp'], exp: 1 }, plain)],
    ['one part more', `${tokenOf({ alg: 'HS256' }, plain)}.`],
    ['claims written in another way', sealed(encode({ alg: 'HS256' }), `${encode(plain)}=`)],
    ['claims that are a list', tokenOf({ alg: 'HS256' }, [plain])],
  ])('decides nothing about %s', (_what, token) => {
    expect(claimsOf(token)).toBeUndefined();
  });
});

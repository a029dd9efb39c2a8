import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JSONWebKeySet } from 'jose';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { jwks } from './jwks.ts';
import { keyFile } from './key-file.ts';
import { Verifier } from './verifier.ts';

const clock = new ManualClock();
const settings = { issuer: 'tests', audience: 'chat', clockToleranceSeconds: 5, clock };
const nowSeconds = (): number => Math.floor(clock.now() / 1000);

interface Claims {
  sub?: string;
  jti?: string;
  iat?: number;
  iss?: string;
  exp?: number;
  caps?: unknown;
}

function signed(
  key: CryptoKey | Uint8Array,
  alg: string,
  claims: Claims = {},
  kid?: string,
): Promise<string> {
  const { sub = 'ann', iss = 'tests', exp = nowSeconds() + 60, caps = {}, jti, iat } = claims;
  return new SignJWT({ caps, ...(jti !== undefined && { jti }), ...(iat !== undefined && { iat }) })
    .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
    .setSubject(sub)
    .setIssuer(iss)
    .setAudience('chat')
    .setExpirationTime(exp)
    .sign(key);
}

describe('a shared secret in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-auth-'));
  const path = join(folder, 'key');
  const secret = (name: string): string => `${name} secret of at least thirty-two bytes`;
  const bytes = (name: string): Uint8Array => new TextEncoder().encode(secret(name));
  let verifier: Verifier;

  beforeEach(async () => {
    writeFileSync(path, `${secret('first')}\n`);
    verifier = new Verifier({ ...settings, keys: await keyFile(path, clock), algorithms: ['HS256'] });
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test('gives user, rights and end of a token', async () => {
    const caps = { 'team:*': ['join'] };
    const token = await signed(bytes('first'), 'HS256', { sub: 'ann@example.com', caps });
    expect(await verifier.verify(token)).toEqual({
      user: 'ann.-40example.com',
      caps,
      exp: (nowSeconds() + 60) * 1000,
    });
  });

  test('gives id and age of a token that tells them: what it can be revoked by', async () => {
    const token = await signed(bytes('first'), 'HS256', { jti: 'one', iat: nowSeconds() - 5 });
    expect(await verifier.verify(token)).toMatchObject({ jti: 'one', iat: (nowSeconds() - 5) * 1000 });
  });

  test('a refused token is not checked again for some seconds', async () => {
    const token = await signed(bytes('second'), 'HS256', { sub: 'bob' });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'invalid' });
    await clock.advance(3000);
    writeFileSync(path, secret('second'));
    // Another token makes the rotated key known; this one is still remembered as refused.
    expect((await verifier.verify(await signed(bytes('second'), 'HS256'))).user).toBe('ann');
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'invalid' });
    await clock.advance(7000);
    expect((await verifier.verify(token)).user).toBe('bob');
  });

  test.each([
    ['another issuer', { iss: 'others' }, 'invalid'],
    ['an end in the past', { exp: nowSeconds() - 10 }, 'expired'],
    ['a malformed claim of rights', { caps: { 'a{b}': ['join'] } }, 'invalid'],
    ['a subject that is no user', { sub: 'x'.repeat(200) }, 'invalid'],
  ] as const)('refuses %s', async (_what, claims, code) => {
    const token = await signed(bytes('first'), 'HS256', claims);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code });
  });

  test('a token that was accepted ends all the same', async () => {
    const token = await signed(bytes('first'), 'HS256');
    await verifier.verify(token);
    await clock.advance(66_000);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'expired' });
  });

  test('a rotated secret is taken up by the first token that needs it', async () => {
    await clock.advance(3000);
    writeFileSync(path, secret('second'));
    expect((await verifier.verify(await signed(bytes('second'), 'HS256'))).user).toBe('ann');
  });

  test('a secret that is too short is refused at start', async () => {
    writeFileSync(path, 'short');
    await expect(keyFile(path, clock)).rejects.toMatchObject({ code: 'config' });
  });
});

describe('keys of an identity provider', () => {
  let answers: (JSONWebKeySet | Error)[];
  let fetched: number;

  async function provider(kid: string): Promise<{ key: CryptoKey; set: JSONWebKeySet }> {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    return { key: privateKey, set: { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256' }] } };
  }

  function verifierOf(): Verifier {
    fetched = 0;
    const fetchKeys = (): Promise<JSONWebKeySet> => {
      const answer = answers[Math.min(fetched, answers.length - 1)];
      fetched += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as JSONWebKeySet);
    };
    const source = jwks({
      url: 'https://idp',
      clock,
      random: seededRandom(1),
      onError: () => undefined,
      fetchKeys,
    });
    return new Verifier({ ...settings, keys: source, algorithms: ['RS256'] });
  }

  test('are unavailable until they came, then known for good while the provider is down', async () => {
    const one = await provider('one');
    answers = [new Error('down'), one.set, new Error('down')];
    const verifier = verifierOf();
    const token = await signed(one.key, 'RS256', {}, 'one');
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect(verifier.ready).toBe(false);
    await clock.advance(2000);
    expect((await verifier.verify(token)).user).toBe('ann');
    await clock.advance(20 * 60_000);
    expect(fetched).toBeGreaterThan(3);
    const later = await signed(one.key, 'RS256', {}, 'one');
    expect((await verifier.verify(later)).user).toBe('ann');
    verifier.close();
  });

  test('an unknown key id asks the provider, but not for every token', async () => {
    const [one, two] = [await provider('one'), await provider('two')];
    answers = [one.set, two.set];
    const verifier = verifierOf();
    await clock.advance(31_000);
    expect((await verifier.verify(await signed(two.key, 'RS256', {}, 'two'))).user).toBe('ann');
    const before = fetched;
    for (let n = 0; n < 5; n += 1) {
      const stray = await signed(one.key, 'RS256', { sub: `u${n}` }, 'stray');
      await expect(verifier.verify(stray)).rejects.toMatchObject({ code: 'invalid' });
    }
    expect(fetched).toBe(before);
    verifier.close();
  });
});

import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A small identity provider: serves its key set over HTTP, and can be away. */
export interface IdentityProvider {
  readonly jwksURL: string;
  token(user: string): Promise<string>;
  /** Nobody answers on its port any more. */
  stop(): Promise<void>;
  /** It is back on the same port, with the same key. */
  start(): Promise<void>;
}

const KEY_ID = 'test-key';
const TOKEN_SECONDS = 3600;

/** Starts one whose tokens are for `issuer` and `audience`, at an address that its askers reach. */
export async function startIdentityProvider(
  of: { readonly issuer: string; readonly audience: string },
  host = '127.0.0.1',
): Promise<IdentityProvider> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = JSON.stringify({
    keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }],
  });
  let server: Server | undefined;
  let port = 0;
  const start = async (): Promise<void> => {
    server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json').end(keys);
    });
    server.listen(port, host);
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  await start();
  return {
    jwksURL: `http://${host}:${port}/jwks.json`,
    token: (user) => {
      const now = Math.floor(Date.now() / 1000);
      const caps = { '**': ['join', 'publish', 'history', 'presence'] };
      const claims = {
        iss: of.issuer,
        aud: of.audience,
        sub: user,
        iat: now,
        exp: now + TOKEN_SECONDS,
        caps,
      };
      const text = [{ alg: 'RS256', typ: 'JWT', kid: KEY_ID }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const signature = sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url');
      return Promise.resolve(`${text}.${signature}`);
    },
    stop: async () => {
      const closing = server;
      closing?.closeAllConnections();
      await new Promise((resolve) => closing?.close(resolve));
    },
    start,
  };
}

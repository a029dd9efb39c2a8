import { jest } from '@jest/globals';
import { startIdentityProvider } from '../degradation/identity-provider.ts';
import { ClusterPlatform } from './cluster-platform.ts';

/** Bringing up; two rollouts of the gateways. */
jest.setTimeout(20 * 60_000);

const AUTH = { issuer: 'https://id.example.com', audience: 'chat' };

test('tokens of an identity provider are believed by its key set, and those of the shared key no longer', async () => {
  const cluster = await ClusterPlatform.open();
  const host = await cluster.hostAddress();
  const provider = await startIdentityProvider(AUTH, host);
  const { auth: before } = await cluster.kubectl
    .json<{ spec: { auth: Record<string, unknown> } }>('get', 'chatplatform', 'demo')
    .then(({ spec }) => spec);
  try {
    await cluster.change({
      auth: { ...AUTH, algorithms: ['RS256'], jwksURL: provider.jwksURL, keySecretRef: null },
    });
    await cluster.judge([], { token: (user) => provider.token(user), messages: 300 });
    await expect(refusal(cluster)).resolves.toMatch(/unauthorized|101/);
  } finally {
    await cluster.change({ auth: { jwksURL: null, ...before } });
    await provider.stop();
  }
  await cluster.judge([], { messages: 200 });
});

/** What a client with a token of the shared key is told. */
async function refusal({ platform: { url, token } }: ClusterPlatform): Promise<string> {
  const answer = await fetch(
    `${url.replace(/^ws/, 'http').replace(/[/]ws$/, '')}/api/v1/rooms/lobby/messages`,
    {
      headers: { authorization: `Bearer ${await token('ann')}` },
    },
  );
  return `${answer.status} ${await answer.text()}`;
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Notice } from './notice.ts';
import { callWebhook } from './webhook.ts';

type IsGenuine = (headers: Record<string, string>, body: string, secret: string, now?: number) => boolean;

const folder = mkdtempSync(join(tmpdir(), 'webhook-'));
afterAll(() => rmSync(folder, { recursive: true }));
const NOW = 1_760_000_000_500;
const notice: Notice = {
  id: 'abcdef00000000000001',
  room: '@bob',
  from: 'ann',
  at: NOW,
  data: { text: 'grüße' },
  users: ['bob'],
  record: { partition: 0, offset: 0, timestamp: NOW, key: '@bob', value: null, headers: {} },
};

/** The function that the documentation tells people to write. */
async function documented(): Promise<IsGenuine> {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/notifications.md'), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(page)?.[1];
  const file = join(folder, 'genuine.mjs');
  writeFileSync(file, code ?? '');
  return ((await import(file)) as { isGenuine: IsGenuine }).isGenuine;
}

/** A request as an endpoint gets it. */
async function request(): Promise<{ headers: Record<string, string>; body: string }> {
  const seen: { headers: Record<string, string>; body: string }[] = [];
  const target = { url: 'http://push', secret: 'secret', timeoutMs: 1_000 };
  await callWebhook(
    target,
    { notice, users: ['bob'] },
    {
      now: NOW,
      signal: new AbortController().signal,
      fetch: (_, init) => {
        seen.push({ headers: init?.headers as Record<string, string>, body: init?.body as string });
        return Promise.resolve(new Response(null, { status: 204 }));
      },
    },
  );
  return seen[0] ?? { headers: {}, body: '' };
}

test('what the documentation verifies is what is sent, and nothing else', async () => {
  const isGenuine = await documented();
  const { headers, body } = await request();
  expect(isGenuine(headers, body, 'secret', NOW)).toBe(true);
  expect(isGenuine(headers, body.replace('ann', 'eve'), 'secret', NOW)).toBe(false);
  expect(isGenuine(headers, body, 'another', NOW)).toBe(false);
  expect(isGenuine(headers, body, 'secret', NOW + 600_000)).toBe(false);
  expect(isGenuine({ ...headers, 'chatplatform-timestamp': '1760000001' }, body, 'secret', NOW)).toBe(false);
  expect(isGenuine({}, body, 'secret', NOW)).toBe(false);
  expect(JSON.parse(body)).toEqual({
    type: 'message.missed',
    id: notice.id,
    room: '@bob',
    from: 'ann',
    at: NOW,
    users: ['bob'],
    data: { text: 'grüße' },
  });
});

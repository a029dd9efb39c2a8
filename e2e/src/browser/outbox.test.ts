import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, type ChatClient } from '@chatplatform/client';
import { jest } from '@jest/globals';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { root } from '../harness/run.ts';
import { startTwinPlatform, type TwinPlatform } from '../harness/twin-platform.ts';
import { openBrowser } from './browser.ts';

/** The browser is fetched when this machine has none; the test itself takes seconds. */
jest.setTimeout(10 * 60_000);

/** Nobody listens there: what is published stays in the outbox. */
const NOWHERE = 'ws://127.0.0.1:9/ws';
const ROOM = 'team:42';

/** What the script of the page offers. */
interface Tab {
  open(url: string, token: string): Promise<{ inst: string; waiting: unknown[] }>;
  publish(data: string): Promise<void>;
  waiting(): unknown[];
  /** Resolves when the outbox is empty. */
  sent(): Promise<void>;
  discard(): Promise<void>;
}

const SCRIPT = `
  import { connect, discardIndexedDbOutbox, openIndexedDbOutbox } from '@chatplatform/client';
  let client;
  globalThis.tab = {
    async open(url, token) {
      const outbox = await openIndexedDbOutbox({ name: 'ann' });
      client = connect({ url, token, outbox });
      return { inst: outbox.inst, waiting: client.outbox.map(({ data }) => data) };
    },
    publish: (data) => client.publish('${ROOM}', data).then(() => globalThis.acknowledged?.(data)),
    waiting: () => client.outbox.map(({ data }) => data),
    async sent() {
      while (client.pending > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async discard() {
      client.close();
      await discardIndexedDbOutbox('ann');
    },
  };
`;

let platform: TwinPlatform;
let server: Server;
let address: string;
let browser: Browser;
let context: BrowserContext;
let watcher: ChatClient;
let seen: unknown[];
let token: string;

beforeAll(async () => {
  [platform, browser] = await Promise.all([startTwinPlatform(), openBrowser()]);
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: join(root, 'e2e') },
    bundle: true,
    format: 'esm',
    conditions: ['@chatplatform/source'],
    write: false,
  });
  const script = outputFiles[0]?.text ?? '';
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>outbox</title><script type="module">${script}</script>`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  token = await platform.token('ann');
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  await platform?.close();
});

beforeEach(async () => {
  context = await browser.newContext();
  watcher = connect({ url: platform.url, token: () => platform.token('bob') });
  seen = [];
  const room = watcher.join(ROOM, { limit: 0 });
  room.on('message', ({ data }) => seen.push(data));
  await room.ready;
});

afterEach(async () => {
  watcher.close();
  await context.close();
});

async function openTab(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

function open(page: Page, url: string): Promise<{ inst: string; waiting: unknown[] }> {
  return page.evaluate(
    ([to, by]) => (globalThis as unknown as { tab: Tab }).tab.open(to ?? '', by ?? ''),
    [url, token],
  );
}

/** Publishes without waiting for anything. */
function publish(page: Page, ...data: string[]): Promise<void> {
  return page.evaluate((all) => {
    for (const each of all) (globalThis as unknown as { tab: Tab }).tab.publish(each).catch(() => undefined);
  }, data);
}

function sent(page: Page): Promise<void> {
  return page.evaluate(() => (globalThis as unknown as { tab: Tab }).tab.sent());
}

/** Waits until the room has brought as many messages as were sent to it. */
async function arrived(count: number): Promise<void> {
  while (seen.length < count)
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
}

test('what was published without a connection is sent after a reload, once and in order, by the same instance', async () => {
  const page = await openTab();
  const { inst } = await open(page, NOWHERE);
  await publish(page, 'one', 'two', 'three');
  // What a reload cuts off was never promised; a moment is enough for the browser to have stored it.
  await page.waitForTimeout(300);
  await page.reload();
  const again = await open(page, platform.url);
  expect(again).toEqual({ inst, waiting: ['one', 'two', 'three'] });
  await sent(page);
  await publish(page, 'four');
  await sent(page);
  await arrived(4);
  expect(seen).toEqual(['one', 'two', 'three', 'four']);
  await page.reload();
  expect(await open(page, platform.url)).toEqual({ inst, waiting: [] });
  await publish(page, 'five');
  await sent(page);
  await arrived(5);
  expect(seen.slice(4)).toEqual(['five']);
});

test('two tabs have instances of their own; what a closed one left is taken on by the next', async () => {
  const [left, right] = [await openTab(), await openTab()];
  const [first, second] = [await open(left, NOWHERE), await open(right, platform.url)];
  expect(first.inst).not.toBe(second.inst);
  await publish(left, 'left behind');
  await left.waitForTimeout(300);
  await left.close();
  const third = await openTab();
  expect(await open(third, platform.url)).toEqual({ inst: first.inst, waiting: ['left behind'] });
  await sent(third);
  await arrived(1);
  expect(seen).toEqual(['left behind']);
});

test('a page that is reloaded again and again while it publishes loses nothing it was promised, and doubles nothing', async () => {
  const page = await openTab();
  const acknowledged: string[] = [];
  await page.exposeFunction('acknowledged', (data: string) => acknowledged.push(data));
  const promised = new Set<unknown>();
  for (let visit = 0; visit < 8; visit += 1) {
    const { waiting } = await open(page, platform.url);
    for (const data of waiting) promised.add(data);
    await publish(page, ...Array.from({ length: 10 }, (_, n) => `${visit}.${n}`));
    await page.waitForTimeout(visit * 15);
    await page.reload();
  }
  const { waiting } = await open(page, platform.url);
  for (const data of [...waiting, ...acknowledged]) promised.add(data);
  await sent(page);
  await publish(page, 'the end');
  await sent(page);
  while (!seen.includes('the end')) await arrived(seen.length + 1);
  expect(new Set(seen).size).toBe(seen.length);
  expect([...promised].filter((data) => !seen.includes(data))).toEqual([]);
  expect(promised.size).toBeGreaterThan(0);
  const order = seen.filter((data) => data !== 'the end').map((data) => String(data).split('.').map(Number));
  expect(order).toEqual(order.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d));
});

test('a discarded outbox forgets everything', async () => {
  const page = await openTab();
  const { inst } = await open(page, NOWHERE);
  await publish(page, 'secret');
  await page.waitForTimeout(300);
  await page.evaluate(() => (globalThis as unknown as { tab: Tab }).tab.discard());
  await page.reload();
  const after = await open(page, platform.url);
  expect(after.waiting).toEqual([]);
  expect(after.inst).not.toBe(inst);
});

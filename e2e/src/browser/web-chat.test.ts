import { jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { killOne, removeOne, testPlatform, type TestPlatform } from '../index.ts';
import { openBrowser, Visitor } from './browser.ts';

/** Bringing the platform up from an empty cache; the talk itself takes a minute. */
jest.setTimeout(40 * 60_000);

const DESK = { viewport: { width: 1280, height: 800 } } as const;
const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  colorScheme: 'dark',
} as const;

let platform: TestPlatform;
let browser: Browser;
let ann: Visitor;
let bob: Visitor;

beforeAll(async () => {
  platform = await testPlatform();
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
});

test('two windows chat, see each other come, type and go, and keep their messages over restarts of gateways', async () => {
  const room = `${platform.page}/#talk-${Date.now().toString(36)}`;
  const said: string[] = [];
  const talk = async (who: Visitor, text: string): Promise<void> => {
    said.push(text);
    await who.say(text);
    await Promise.all([ann.sees(text), bob.sees(text)]);
  };

  ann = await Visitor.enter(browser, 'Ann Berger', room, DESK);
  bob = await Visitor.enter(browser, 'Bob', room, PHONE);
  await Promise.all([ann.seesPerson('Bob'), bob.seesPerson('Ann Berger')]);

  await talk(ann, 'Good morning! Did the rollout finish last night?');
  await bob.type('Yes, it d');
  await ann.seesTyping('Bob');
  await ann.picture('desk-1280');
  await talk(bob, 'Yes. Every gateway was replaced while we were talking, and nothing got lost on the way.');
  await bob.picture('phone-390');

  // Each gateway once, so both windows move; they write in the middle of it.
  for (const number of [1, 2]) {
    const replaced = removeOne(platform.gateways);
    await talk(ann, `While gateway ${number} is replaced: from the desk`);
    await talk(bob, `While gateway ${number} is replaced: from the phone`);
    await replaced;
    await Promise.all([ann.isConnected(), bob.isConnected()]);
  }
  await talk(ann, 'Both were replaced');

  for (const number of [1, 2]) {
    const replaced = killOne(platform.gateways);
    await talk(bob, `While gateway ${number} is killed: from the phone`);
    await talk(ann, `While gateway ${number} is killed: from the desk`);
    await replaced;
    await Promise.all([ann.isConnected(), bob.isConnected()]);
  }
  await talk(bob, 'And both were killed');
  await Promise.all([ann.picture('desk-1280-after'), bob.picture('phone-390-after')]);

  expect(await ann.texts()).toEqual(said);
  expect(await bob.texts()).toEqual(said);
  await Promise.all([ann.seesPerson('Bob'), bob.seesPerson('Ann Berger')]);
  await bob.leave();
  await ann.seesNoPerson('Bob');
  expect([...ann.complaints, ...bob.complaints]).toEqual([]);
});

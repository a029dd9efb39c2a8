import { jest } from '@jest/globals';
import { until } from '@chatplatform/runtime';
import { startRedis, type RedisStore } from '@chatplatform/testkit';
import { realSubject, type RealSubject } from '../contract/real-subject.ts';
import { EPOCH, message } from '../contract/messages.ts';
import { encodeInboxLine } from '../inbox/inbox-line.ts';
import type { InboxGap } from '../inbox/inbox.ts';
import type { Redis } from '../redis.ts';

jest.setTimeout(120_000);

let store: RedisStore;
let real: RealSubject;
let redis: Redis;

beforeAll(async () => {
  store = await startRedis({ cluster: true });
  real = realSubject({ endpoints: store.endpoints, cluster: true });
  redis = await real.open();
});
afterAll(async () => {
  await redis.close();
  await real.close();
  await store.stop();
});

test('all primaries killed and back: commands, scripts and inboxes work again, and every loss was told', async () => {
  const gateways = Array.from({ length: 9 }, (_, at) => `gw-${at}`);
  const heard = new Map(
    gateways.map((gw): [string, { items: string[]; gaps: InboxGap[] }] => [gw, { items: [], gaps: [] }]),
  );
  const subscriptions = await Promise.all(
    gateways.map((gw) =>
      redis.inbox.subscribe(gw, {
        onItems: (items) => heard.get(gw)?.items.push(...items.map((item) => item.frame)),
        onGap: (gap) => heard.get(gw)?.gaps.push(gap),
      }),
    ),
  );
  const publisher = redis.inbox.publisher({ incarnation: 'w-1' });
  const line = (frame: string): string => encodeInboxLine({ class: 'm', frame });
  const publishToAll = (frame: string) =>
    Promise.allSettled(gateways.map((gw) => publisher.publish(gw, [line(frame)])));
  const allHeard = (frame: string): boolean =>
    [...heard.values()].every(({ items }) => items.includes(frame));
  await publishToAll('1');
  await until(() => allHeard('1'));

  await store.kill9();
  await publishToAll('2');
  await store.restart();
  await until(async () => {
    const done = await Promise.allSettled(
      gateways.map((room, at) =>
        redis.history(EPOCH).append({ room, messages: [message(room, at, ['i', 1])] }),
      ),
    );
    return done.every((result) => result.status === 'fulfilled');
  });
  let tries = 0;
  await until(async () => {
    tries += 1;
    await publishToAll(`3.${tries}`);
    return (
      allHeard(`3.${tries}`) ||
      [...heard.values()].every(({ items }) => items.some((item) => item.startsWith('3.')))
    );
  });
  for (const { items, gaps } of heard.values()) {
    if (!items.includes('2')) expect(gaps.length).toBeGreaterThan(0);
  }
  await publisher.signOff();
  await Promise.all(subscriptions.map((subscription) => subscription.close()));
});

test('a slot without any server: its commands end in time and may be repeated, and work again when it is back', async () => {
  const victim = await store.primaryOf(`contract.it:${EPOCH}:hd:{gw-0}`);
  await victim.process.kill9();
  const began = performance.now();
  await expect(redis.history(EPOCH).head('gw-0')).rejects.toMatchObject({ retryable: true });
  // The bound of a command is 5 s; the machine may do many other things at once.
  expect(performance.now() - began).toBeLessThan(8_000);
  await store.revive();
  await until(() =>
    redis
      .history(EPOCH)
      .head('gw-0')
      .then(Boolean, () => false),
  );
});

import fc from 'fast-check';
import { ManualClock } from '@chatplatform/runtime';
import { memoryRedis } from '../memory/memory-redis.ts';
import { decodeInboxLine, encodeInboxLine } from './inbox-line.ts';
import { hotChannelOf } from './hot-rooms.ts';
import { INBOX_HEARTBEAT_MS, INBOX_SILENCE_MS, type InboxGap, type InboxItem } from './inbox.ts';
import { encodePayload } from './payload.ts';
import type { InboxTransport } from './transport.ts';

const line = (frame: string): string => encodeInboxLine({ class: 'm', room: 'r', id: 'i', p: 'p', frame });

async function scene(inbox = 'gw') {
  const clock = new ManualClock();
  const store = memoryRedis({ clock });
  const gateway = store.open();
  const worker = store.open();
  const events: (string | InboxGap)[] = [];
  const subscription = await gateway.inbox.subscribe('gw', {
    onItems: (items) => void events.push(...items.map((item) => item.frame)),
    onGap: (gap) => void events.push(gap),
  });
  const publisher = worker.inbox.publisher({ incarnation: 'w' });
  const publish = async (frame: string): Promise<void> => {
    await publisher.publish(inbox, [line(frame)]);
    await clock.advance(0);
  };
  const lose = async (frame: string): Promise<void> => {
    store.setHeard(inbox, false);
    await publish(frame);
    store.setHeard(inbox, true);
  };
  return { clock, store, events, subscription, publisher, publish, lose };
}

describe('a loss is noticed', () => {
  test('by the next payload, before its items', async () => {
    const { events, publish, lose } = await scene();
    await publish('1');
    await lose('2');
    await publish('3');
    expect(events).toEqual(['1', { reason: 'jump', publisher: 'w' }, '3']);
  });

  test('by the heartbeat when nothing follows', async () => {
    const { clock, events, publish, lose } = await scene();
    await publish('1');
    await lose('2');
    await clock.advance(INBOX_HEARTBEAT_MS);
    expect(events).toEqual(['1', { reason: 'jump', publisher: 'w' }]);
    await publish('3');
    expect(events.at(-1)).toBe('3');
  });

  test('when the very first payload is lost', async () => {
    const { clock, events, lose } = await scene();
    await lose('1');
    await clock.advance(INBOX_HEARTBEAT_MS);
    expect(events).toEqual([{ reason: 'first', publisher: 'w' }]);
  });

  test('by the final number of a sign-off', async () => {
    const { clock, events, publisher, publish, lose } = await scene();
    await publish('1');
    await lose('2');
    await publisher.signOff();
    await clock.advance(0);
    expect(events).toEqual(['1', { reason: 'jump', publisher: 'w' }]);
  });

  test('by the silence of a publisher that died', async () => {
    const { clock, store, events, publish } = await scene();
    await publish('1');
    // The publisher's process dies: nothing of it is heard, while the gateway hears itself.
    store.setHeard('gw', false);
    await clock.advance(INBOX_SILENCE_MS + 2_000);
    const silent = events.filter((event) => typeof event !== 'string' && event.reason === 'silent');
    expect(silent).toContainEqual({ reason: 'silent', publisher: 'w' });
  });

  test('by its own beat when the subscription is deaf and no worker ever published', async () => {
    const { clock, store, events } = await scene();
    await clock.advance(0);
    store.setHeard('gw', false);
    await clock.advance(INBOX_SILENCE_MS + 2_000);
    expect(events).toEqual([{ reason: 'silent', publisher: 'gw#self' }]);
    store.setHeard('gw', true);
    await clock.advance(INBOX_HEARTBEAT_MS);
    expect(events.at(-1)).toEqual({ reason: 'first', publisher: 'gw#self' });
  });

  test('after the connection was lost', async () => {
    const { store, events, publish } = await scene();
    await publish('1');
    store.down();
    store.up();
    expect(events).toEqual(['1', { reason: 'reconnect' }]);
  });
});

describe('a hot channel', () => {
  const HOT = hotChannelOf('team:1');

  test('a loss is noticed by the next payload, by the heartbeat, by the sign-off', async () => {
    const { clock, events, publisher, publish, lose } = await scene(HOT);
    const jump = { reason: 'jump', publisher: 'w' };
    await publish('1');
    await lose('2');
    await publish('3');
    await lose('4');
    await clock.advance(INBOX_HEARTBEAT_MS);
    await lose('5');
    await publisher.signOff();
    await clock.advance(0);
    expect(events).toEqual(['1', jump, '3', jump, jump]);
  });

  test('is numbered for itself', async () => {
    const { clock, events, publisher, publish } = await scene(HOT);
    await publish('1');
    await publisher.publish('gw', [line('own 1')]);
    await publish('2');
    await publisher.publish('gw', [line('own 2')]);
    await clock.advance(INBOX_HEARTBEAT_MS);
    expect(events).toEqual(['1', 'own 1', '2', 'own 2']);
  });

  test('is silent while it is not used, and nobody takes that for a loss; what is lost then is noticed', async () => {
    const { clock, events, publish, lose } = await scene(HOT);
    await publish('1');
    await clock.advance(600_000);
    await publish('2');
    await clock.advance(600_000);
    expect(events).toEqual(['1', '2']);
    await lose('3');
    await clock.advance(INBOX_HEARTBEAT_MS);
    expect(events).toEqual(['1', '2', { reason: 'jump', publisher: 'w' }]);
  });

  test('a worker that dies while it uses one is noticed', async () => {
    const { clock, store, events, publish } = await scene(HOT);
    await publish('1');
    store.setHeard(HOT, false);
    await clock.advance(INBOX_SILENCE_MS + 2_000);
    expect(events).toEqual(['1', { reason: 'silent', publisher: 'w' }]);
  });
});

test('no gap without a loss: heartbeats, a quiet time, a sign-off', async () => {
  const { clock, events, publisher, publish, subscription } = await scene();
  await publish('1');
  await clock.advance(60_000);
  await publish('2');
  await publisher.signOff();
  await clock.advance(60_000);
  expect(events).toEqual(['1', '2']);
  await subscription.close();
  expect(clock.pendingTimers).toBe(0);
});

test('a publish that fails is a gap for the gateway, never a number used twice', async () => {
  const { clock, store, events, publisher, publish } = await scene();
  await publish('1');
  store.down();
  await expect(publisher.publish('gw', [line('2')])).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
  });
  store.up();
  await publish('2');
  await clock.advance(0);
  expect(events).toEqual(['1', { reason: 'reconnect' }, { reason: 'jump', publisher: 'w' }, '2']);
});

describe('what its publisher gave up and arrives late', () => {
  const payload = (header: { n: number; hb?: 1; bye?: 1 }, ...frames: string[]): string =>
    encodePayload({ w: 'w', ...header }, frames.map(line));
  /** The payloads of one publisher arrive in this order. */
  async function arriving(payloads: readonly string[]): Promise<(string | InboxGap)[]> {
    const { clock, store, events } = await scene();
    let channels: InboxTransport | undefined;
    store.open({ network: (bare) => (channels = bare) });
    for (const each of payloads) await channels?.publish('gw', each);
    await clock.advance(0);
    return events;
  }

  test('is not handed on: it was told as a gap', async () => {
    const events = await arriving([1, 3, 2, 4].map((n) => payload({ n }, `${n}`)));
    expect(events).toEqual(['1', { reason: 'jump', publisher: 'w' }, '3', '4']);
  });

  test('is no gap of its own: a payload twice, an old heartbeat, an old sign-off', async () => {
    const events = await arriving([
      payload({ n: 1 }, '1'),
      payload({ n: 1 }, '1'),
      payload({ n: 2 }, '2'),
      payload({ n: 1, hb: 1 }),
      payload({ n: 1, bye: 1 }),
      payload({ n: 3 }, '3'),
    ]);
    expect(events).toEqual(['1', '2', '3']);
  });
});

test('any loss of payloads is noticed within a heartbeat; what arrives is in order', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
    async (arrivals) => {
      const { clock, events, publish, lose, publisher, subscription } = await scene();
      for (const [at, arrives] of arrivals.entries()) await (arrives ? publish(`${at}`) : lose(`${at}`));
      await clock.advance(INBOX_HEARTBEAT_MS);
      const lost = arrivals.map((arrives) => !arrives);
      const runs = lost.filter((now, at) => now && !lost[at - 1]).length;
      expect(events.filter((event) => typeof event !== 'string').length).toBe(runs);
      const arrived = arrivals.flatMap((arrives, at) => (arrives ? [`${at}`] : []));
      expect(events.filter((event) => typeof event === 'string')).toEqual(arrived);
      await publisher.signOff();
      await subscription.close();
    },
  );
  await fc.assert(property, { numRuns: 50 });
});

describe('lines', () => {
  test.each<InboxItem>([
    { class: 'm', room: 'team:42', id: 'id', p: '', frame: '{"m": {"d": "a b"}}' },
    { class: 'm', room: 'team:42', id: 'id', p: '?', frame: '{}' },
    { class: 'rj', room: 'r', id: 'id', p: undefined, sid: 'abc', frame: '{"rj": 1}' },
    { class: 'ctl', room: undefined, id: undefined, p: undefined, frame: '{"disconnect":{}}' },
  ])('$class survives', (item) => {
    expect(decodeInboxLine(encodeInboxLine(item))).toEqual(item);
  });

  test.each(['', 'm', 'm r i', 'zz r i p {}', 'rj r i p {}x'])('%j is none', (text) => {
    expect(decodeInboxLine(text)).toBeUndefined();
  });
});

import { until } from '@chatplatform/runtime';
import { encodeInboxLine } from '../inbox/inbox-line.ts';
import { hotChannelOf } from '../inbox/hot-rooms.ts';
import type { InboxGap, InboxItem } from '../inbox/inbox.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

interface Heard {
  readonly items: InboxItem[];
  readonly gaps: InboxGap[];
  readonly ephemeral: boolean[];
  readonly hot: boolean[];
}

const line = (frame: string): string => encodeInboxLine({ class: 'm', room: 'r', id: 'i', p: 'p', frame });

export function inboxContract(subject: ContractSubject): void {
  const redis = opened(subject);

  async function listen(incarnation: string): Promise<{ heard: Heard; close(): Promise<void> }> {
    const heard: Heard = { items: [], gaps: [], ephemeral: [], hot: [] };
    const subscription = await redis().inbox.subscribe(incarnation, {
      onItems: (items, from) => {
        heard.items.push(...items);
        heard.ephemeral.push(from.ephemeral);
        heard.hot.push(from.hot);
      },
      onGap: (gap) => heard.gaps.push(gap),
    });
    return { heard, close: () => subscription.close() };
  }

  test('items arrive in order, whole, to the gateway they are for', async () => {
    const [gw, other] = [fresh('gw'), fresh('gw')];
    const mine = await listen(gw);
    const theirs = await listen(other);
    const publisher = redis().inbox.publisher({ incarnation: fresh('worker') });
    const frames = Array.from({ length: 40 }, (_, at) => `{"m":{"d":"ü ${at} ${'x'.repeat(20_000)}"}}`);
    expect(await publisher.publish(gw, frames.map(line))).toBe(1);
    await publisher.publish(gw, [
      encodeInboxLine({ class: 'rj', room: 'r', id: 'i', sid: 's 1'.replace(' ', ''), frame: '{"rj":{}}' }),
      encodeInboxLine({ class: 'ctl', frame: '{"takeover":{}}' }),
    ]);
    await until(() => mine.heard.items.length === 42, subject.patienceMs);
    expect(mine.heard.items.slice(0, 40).map((item) => item.frame)).toEqual(frames);
    expect(mine.heard.items[0]).toMatchObject({ class: 'm', room: 'r', id: 'i', p: 'p' });
    expect(mine.heard.items[40]).toEqual({
      class: 'rj',
      room: 'r',
      id: 'i',
      p: undefined,
      sid: 's1',
      frame: '{"rj":{}}',
    });
    expect(mine.heard.items[41]).toMatchObject({ class: 'ctl', room: undefined });
    expect(mine.heard.gaps).toEqual([]);
    expect(theirs.heard.items).toEqual([]);
    await publisher.signOff();
    await mine.close();
    await theirs.close();
  });

  test('nobody listening is no error, and what was not heard is a gap for who comes later', async () => {
    const [gw, worker] = [fresh('gw'), fresh('worker')];
    const publisher = redis().inbox.publisher({ incarnation: worker });
    expect(await publisher.publish(gw, [line('1')])).toBe(0);
    const { heard, close } = await listen(gw);
    await publisher.publish(gw, [line('2')]);
    await until(() => heard.items.length === 1, subject.patienceMs);
    expect(heard.gaps).toEqual([{ reason: 'first', publisher: worker }]);
    await publisher.signOff();
    await close();
  });

  test('what goes to a hot channel reaches every gateway once, in order, and is told from the rest', async () => {
    const gateways = [fresh('gw'), fresh('gw'), fresh('gw')];
    const ears = await Promise.all(gateways.map(listen));
    const publisher = redis().inbox.publisher({ incarnation: fresh('worker') });
    const channels = ['team:1', 'team:2', 'team:3', 'team:4'].map(hotChannelOf);
    for (const [at, channel] of channels.entries()) await publisher.publish(channel, [line(`hot ${at}`)]);
    for (const gateway of gateways) await publisher.publish(gateway, [line('own')]);
    await until(() => ears.every(({ heard }) => heard.items.length === 5), subject.patienceMs);
    for (const { heard } of ears) {
      expect(heard.items.map(({ frame }) => frame).toSorted()).toEqual([
        'hot 0',
        'hot 1',
        'hot 2',
        'hot 3',
        'own',
      ]);
      expect(heard.hot.filter(Boolean)).toHaveLength(4);
      expect(heard.gaps).toEqual([]);
    }
    await publisher.signOff();
    await Promise.all(ears.map(({ close }) => close()));
  });

  test('who comes later sees that something was sent to a hot channel before', async () => {
    const worker = fresh('worker');
    const publisher = redis().inbox.publisher({ incarnation: worker });
    await publisher.publish(hotChannelOf('team:1'), [line('1')]);
    const { heard, close } = await listen(fresh('gw'));
    await publisher.publish(hotChannelOf('team:1'), [line('2')]);
    await until(() => heard.items.length === 1, subject.patienceMs);
    expect(heard.gaps).toEqual([{ reason: 'first', publisher: worker }]);
    await publisher.signOff();
    await close();
  });

  test('ephemeral lines have no number', async () => {
    const gw = fresh('gw');
    const { heard, close } = await listen(gw);
    await redis().inbox.send(gw, 'gw-x', [encodeInboxLine({ class: 'ty', room: 'r', frame: '{"ty":{}}' })]);
    await redis().inbox.send(gw, 'gw-x', [encodeInboxLine({ class: 'ty', room: 'r', frame: '{"ty":{}}' })]);
    await until(() => heard.items.length === 2, subject.patienceMs);
    expect(heard.ephemeral).toEqual([true, true]);
    expect(heard.gaps).toEqual([]);
    await close();
  });
}

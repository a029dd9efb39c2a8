import { encodeInboxLine } from '../inbox/inbox-line.ts';
import type { InboxGap, InboxItem } from '../inbox/inbox.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

interface Heard {
  readonly items: InboxItem[];
  readonly gaps: InboxGap[];
  readonly ephemeral: boolean[];
}

const line = (frame: string): string => encodeInboxLine({ class: 'm', room: 'r', id: 'i', p: 'p', frame });

export function inboxContract(subject: ContractSubject): void {
  const redis = opened(subject);

  async function listen(incarnation: string): Promise<{ heard: Heard; close(): Promise<void> }> {
    const heard: Heard = { items: [], gaps: [], ephemeral: [] };
    const subscription = await redis().inbox.subscribe(incarnation, {
      onItems: (items, from) => {
        heard.items.push(...items);
        heard.ephemeral.push(from.ephemeral);
      },
      onGap: (gap) => heard.gaps.push(gap),
    });
    return { heard, close: () => subscription.close() };
  }

  async function until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + subject.patienceMs;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`not within ${subject.patienceMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
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
    await until(() => mine.heard.items.length === 42);
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
    await until(() => heard.items.length === 1);
    expect(heard.gaps).toEqual([{ reason: 'first', publisher: worker }]);
    await publisher.signOff();
    await close();
  });

  test('ephemeral lines have no number', async () => {
    const gw = fresh('gw');
    const { heard, close } = await listen(gw);
    await redis().inbox.send(gw, 'gw-x', [encodeInboxLine({ class: 'ty', room: 'r', frame: '{"ty":{}}' })]);
    await redis().inbox.send(gw, 'gw-x', [encodeInboxLine({ class: 'ty', room: 'r', frame: '{"ty":{}}' })]);
    await until(() => heard.items.length === 2);
    expect(heard.ephemeral).toEqual([true, true]);
    expect(heard.gaps).toEqual([]);
    await close();
  });
}

import { ManualClock } from '@chatplatform/runtime';
import { WorkQueue } from './work-queue.ts';

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

function queueOf(handle: (key: string) => Promise<{ requeueAfterMs?: number } | void>, concurrency = 2) {
  const clock = new ManualClock();
  const retries: number[] = [];
  const queue = new WorkQueue({
    clock,
    handle,
    concurrency,
    onError: (_key, _error, wait) => retries.push(wait),
  });
  return { clock, queue, retries };
}

describe('the work queue', () => {
  test('handles a key once however often it was added', async () => {
    const handled: string[] = [];
    const gates: (() => void)[] = [];
    const { queue } = queueOf(async (key) => {
      handled.push(key);
      await new Promise<void>((resolve) => gates.push(resolve));
    }, 1);
    queue.add('first');
    for (let index = 0; index < 10; index += 1) queue.add('second');
    gates.shift()?.();
    await settle();
    gates.shift()?.();
    await settle();
    expect(handled).toEqual(['first', 'second']);
  });

  test('handles a key again that was added while it was handled, and never twice at once', async () => {
    let running = 0;
    let most = 0;
    let count = 0;
    const gates: (() => void)[] = [];
    const { queue } = queueOf(async () => {
      running += 1;
      count += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => gates.push(resolve));
      running -= 1;
    });
    queue.add('a');
    queue.add('a');
    queue.add('a');
    gates.shift()?.();
    await settle();
    gates.shift()?.();
    await settle();
    expect({ most, count }).toEqual({ most: 1, count: 2 });
  });

  test('waits longer after each failure, and forgets failures on success', async () => {
    let failing = true;
    const { clock, queue, retries } = queueOf(async () => {
      if (failing) throw new Error('no');
    });
    queue.add('a');
    for (let turn = 0; turn < 4; turn += 1) {
      await settle();
      await clock.advance(retries.at(-1) ?? 0);
    }
    await settle();
    expect(retries.slice(0, 4)).toEqual([5, 10, 20, 40]);
    failing = false;
    await clock.advance(100_000);
    await settle();
    failing = true;
    retries.length = 0;
    queue.add('a');
    await settle();
    expect(retries).toEqual([5]);
  });

  test('a sooner time wins over a later one', async () => {
    const handled: number[] = [];
    const { clock, queue } = queueOf(async () => {
      handled.push(clock.monotonic());
    });
    const began = clock.monotonic();
    queue.addAfter('a', 1000);
    queue.addAfter('a', 200);
    queue.addAfter('a', 500);
    await clock.advance(2000);
    await settle();
    expect(handled.map((at) => at - began)).toEqual([200]);
  });

  test('all retries together pass one bucket', async () => {
    const { queue, retries } = queueOf(() => Promise.reject(new Error('no')), 1000);
    for (let index = 0; index < 150; index += 1) queue.add(`k${index}`);
    await settle();
    expect(Math.max(...retries)).toBeGreaterThan(4000);
  });

  test('stops after what is being handled, and takes nothing more', async () => {
    const handled: string[] = [];
    let release: () => void = () => undefined;
    const { queue } = queueOf(async (key) => {
      handled.push(key);
      await new Promise<void>((resolve) => (release = resolve));
    }, 1);
    queue.add('a');
    queue.add('b');
    const stopped = queue.stop();
    queue.add('c');
    release();
    await stopped;
    expect(handled).toEqual(['a']);
  });
});

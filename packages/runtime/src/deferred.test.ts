import { assertNever, Deferred } from './index.ts';

test('a deferred settles once, from outside', async () => {
  const deferred = new Deferred<number>();
  expect(deferred.settled).toBe(false);
  deferred.resolve(1);
  deferred.reject(new Error('late'));
  expect(deferred.settled).toBe(true);
  await expect(deferred.promise).resolves.toBe(1);
});

test('reaching the unreachable throws with the value', () => {
  expect(() => assertNever({ op: 'x' } as never, 'frame')).toThrow('unexpected frame: {"op":"x"}');
});

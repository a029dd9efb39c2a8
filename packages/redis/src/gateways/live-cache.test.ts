import { ManualClock } from '@chatplatform/runtime';
import { LiveCache } from './live-cache.ts';

test('what was asked before it was told to forget is not remembered', async () => {
  const answers: ((set: ReadonlySet<string>) => void)[] = [];
  const cache = new LiveCache(new ManualClock(), () => new Promise((resolve) => answers.push(resolve)));
  const early = cache.get(1_000);
  cache.forget();
  const late = cache.get(1_000);
  answers[1]?.(new Set(['gw']));
  answers[0]?.(new Set());
  expect([...(await early)]).toEqual([]);
  expect([...(await late)]).toEqual(['gw']);
  expect([...(await cache.get(1_000))]).toEqual(['gw']);
  expect(answers).toHaveLength(2);
});

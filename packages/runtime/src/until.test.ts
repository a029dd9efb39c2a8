import { until } from './until.ts';

test('resolves with what is found, when it is found', async () => {
  let looks = 0;
  const found = await until(() => {
    looks += 1;
    return looks < 3 ? undefined : `look ${looks}`;
  });
  expect(found).toBe('look 3');
  expect(await until(() => Promise.resolve(0))).toBe(0);
});

test('says what did not come true, by its own words or by those of the condition', async () => {
  const never = (): boolean => false;
  await expect(until(never, 20, 'the moon')).rejects.toThrow('not within 20 ms: the moon');
  await expect(until(() => never(), 20)).rejects.toThrow('never()');
});

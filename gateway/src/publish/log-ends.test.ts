import { ManualClock } from '@chatplatform/runtime';
import { LogEnds } from './log-ends.ts';

test('the log is asked only about what lies beyond the known end, and once for all who ask meanwhile', async () => {
  const clock = new ManualClock();
  let end = 10;
  const asked: number[] = [];
  const bounds = (_topic: string, partition: number) => {
    asked.push(partition);
    return Promise.resolve({ begin: 0, end });
  };
  const ends = new LogEnds({ reader: { bounds }, topic: 't', clock });
  expect(await ends.reaches(1, 9)).toBe(true);
  expect(await ends.reaches(1, 3)).toBe(true);
  expect(asked).toEqual([1]);
  const beyond = Array.from({ length: 5 }, () => ends.reaches(1, 10));
  expect(asked).toEqual([1]);
  end = 11;
  await clock.advance(100);
  expect(await Promise.all(beyond)).toEqual([true, true, true, true, true]);
  expect(asked).toEqual([1, 1]);
  const made = ends.reaches(1, 9_999);
  await clock.advance(100);
  expect(await made).toBe(false);
});

test('while the log is away nothing is said, and the next one asks again', async () => {
  const clock = new ManualClock();
  let away = true;
  const bounds = () => (away ? Promise.reject(new Error('away')) : Promise.resolve({ begin: 0, end: 1 }));
  const ends = new LogEnds({ reader: { bounds }, topic: 't', clock });
  await expect(ends.reaches(0, 0)).rejects.toThrow('away');
  away = false;
  const later = ends.reaches(0, 0);
  await clock.advance(100);
  expect(await later).toBe(true);
});

import { paced } from './pace.ts';
import { nowUs } from './payload.ts';

describe('an open loop', () => {
  test('keeps its schedule when something stalls: what is late is late, and nothing is left out', async () => {
    const lateness: number[] = [];
    const due: number[] = [];
    await paced({ perSecond: 1000, count: 60 }, (index, dueUs) => {
      due.push(dueUs);
      lateness.push(nowUs() - dueUs);
      if (index === 20) for (const end = nowUs() + 20_000; nowUs() < end; );
    });
    expect(due).toHaveLength(60);
    due.forEach((at, index) => expect(at - (due[0] as number)).toBeCloseTo(index * 1000, 0));
    // The stall is in the lateness of those that were due during it: no coordinated omission.
    expect(lateness[21]).toBeGreaterThan(18_000);
    expect(lateness[25]).toBeGreaterThan(14_000);
    expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
  });

  test('has those of a burst due at the same moment, at the same rate overall', async () => {
    const due: number[] = [];
    await paced({ perSecond: 1000, burst: 8, count: 20 }, (_, dueUs) => due.push(dueUs));
    const moments = [...new Set(due)];
    expect(moments).toHaveLength(3);
    expect((moments[1] as number) - (moments[0] as number)).toBeCloseTo(8000, 0);
  });
});

import { setTimeout } from 'node:timers/promises';
import { EffortMeter, isSaturated } from './effort.ts';

test('a process that never lets its event loop go on is saturated, one that waits is not', async () => {
  const meter = new EffortMeter();
  try {
    await setTimeout(200);
    meter.take();
    await setTimeout(200);
    const idle = meter.take();
    for (let turn = 0; turn < 4; turn += 1) {
      for (const end = performance.now() + 60; performance.now() < end; );
      await setTimeout(1);
    }
    const busy = meter.take();
    expect(busy.cpuShare).toBeGreaterThan(idle.cpuShare);
    expect(busy.lagP99).toBeGreaterThan(40);
    expect(isSaturated(busy)).toBe(true);
  } finally {
    meter.close();
  }
});

test('either sign is enough', () => {
  expect(isSaturated({ cpuShare: 0.5, lagP99: 5 })).toBe(false);
  expect(isSaturated({ cpuShare: 0.95, lagP99: 5 })).toBe(true);
  expect(isSaturated({ cpuShare: 0.5, lagP99: 30 })).toBe(true);
});

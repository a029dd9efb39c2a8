import { Breaker, ManualClock } from './index.ts';

const fail = () => Promise.reject(new Error('down'));
const works = () => Promise.resolve('up');

function newBreaker() {
  const clock = new ManualClock();
  const breaker = new Breaker({ name: 'kafka', failures: 2, openMs: 1000 }, clock);
  const states: string[] = [];
  breaker.onChange((state) => states.push(state));
  return { clock, breaker, states };
}

test('opens after failures in a row, and says how long to wait', async () => {
  const { breaker } = newBreaker();
  await expect(breaker.run(fail)).rejects.toThrow('down');
  await expect(breaker.run(works)).resolves.toBe('up');
  await expect(breaker.run(fail)).rejects.toThrow('down');
  expect(breaker.state).toBe('closed');
  await expect(breaker.run(fail)).rejects.toThrow('down');
  expect(breaker.state).toBe('open');
  expect(breaker.retryAfterMs).toBe(1000);
  await expect(breaker.run(works)).rejects.toMatchObject({ code: 'breaker-open', retryable: true });
});

test('one trial decides: success closes, failure opens for another period', async () => {
  const { breaker, clock, states } = newBreaker();
  await breaker.run(fail).catch(() => undefined);
  await breaker.run(fail).catch(() => undefined);
  clock.tick(1000);
  await breaker.run(fail).catch(() => undefined);
  expect(breaker.state).toBe('open');
  clock.tick(1000);
  await breaker.run(works);
  expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
});

test('while a trial runs nobody else gets through', async () => {
  const { breaker, clock } = newBreaker();
  breaker.failed();
  breaker.failed();
  clock.tick(1000);
  expect(breaker.allows()).toBe(true);
  expect(breaker.allows()).toBe(false);
  breaker.succeeded();
  expect(breaker.allows()).toBe(true);
});

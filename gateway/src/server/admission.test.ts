import { ManualClock } from '@chatplatform/runtime';
import { AddressRates } from './address-rates.ts';
import { admission, type AdmissionOptions } from './admission.ts';
import type { Refusal } from './socket.ts';

function door(over: Partial<AdmissionOptions> = {}) {
  const clock = new ManualClock();
  const refused: Refusal[] = [];
  const admit = admission({
    drainingRetrySeconds: () => undefined,
    origins: undefined,
    addresses: new AddressRates(clock, () => 3),
    pending: () => 0,
    onRefused: (refusal) => refused.push(refusal),
    ...over,
  });
  const from = (remoteAddress: string, origin = ''): string | undefined =>
    admit({ remoteAddress, origin })?.status;
  return { clock, from, refused };
}

test('an address gets its rate, others are not touched by it', async () => {
  const { clock, from, refused } = door();
  expect([1, 2, 3, 4].map(() => from('a'))).toEqual([
    undefined,
    undefined,
    undefined,
    '429 Too Many Requests',
  ]);
  expect(from('b')).toBeUndefined();
  expect(refused).toHaveLength(1);
  await clock.advance(1000);
  expect(from('a')).toBeUndefined();
});

test('only allowed origins, and whoever has none, come in', () => {
  const { from } = door({ origins: ['https://chat.example'] });
  expect(from('a', 'https://chat.example')).toBeUndefined();
  expect(from('a', 'https://evil.example')).toBe('403 Forbidden');
  expect(from('a')).toBeUndefined();
});

test('a crowd without hello and a drain are told when to try again', () => {
  const { from, refused } = door({ pending: () => 2000 });
  expect(from('a')).toBe('503 Service Unavailable');
  expect(refused[0]?.retryAfterSeconds).toBeGreaterThan(0);
  expect(door({ drainingRetrySeconds: () => 2 }).from('a')).toBe('503 Service Unavailable');
});

import { systemClock } from '@chatplatform/runtime';
import { bench, group } from 'mitata';
import { TokenBucket, TokenBuckets } from '../../../../../gateway/src/session/token-bucket.ts';

/** Never empty: every take is one that succeeds. */
const RATE = 1e9;
const USERS = 10_000;
const one = new TokenBucket(systemClock, RATE, RATE);
const many = new TokenBuckets(() => new TokenBucket(systemClock, RATE, RATE));
let next = 0;

/** What `gateway/session/token-bucket` costs per call. */
export function tokenBucket(): void {
  group('gateway/session/token-bucket', () => {
    bench('take', () => one.take());
    bench(`take, one of ${USERS} users`, () => {
      next = (next + 1) % USERS;
      return many.of(`user-${next}`).take();
    });
  });
}

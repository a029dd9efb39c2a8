import { memoryRedis } from '../index.ts';
import { appendModel } from '../contract/append-model.ts';
import { redisContract } from '../contract/redis-contract.ts';
import type { ContractSubject } from '../contract/subject.ts';

const twin = memoryRedis();

const subject: ContractSubject = {
  open: () => Promise.resolve(twin.open()),
  snapshot: () => {
    const snapshot = twin.snapshot();
    return Promise.resolve(() => Promise.resolve(twin.restore(snapshot)));
  },
  endLease: (incarnation) => {
    const data = twin.snapshot();
    const lease = data.leases.get(incarnation);
    if (lease) lease.until = Date.now() - 60_000;
    twin.restore(data);
    return Promise.resolve();
  },
  patienceMs: 1_000,
};

redisContract('twin in memory', subject);

describe('rebuilding', () => appendModel(subject, 200));

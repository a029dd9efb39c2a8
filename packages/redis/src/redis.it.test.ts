import { jest } from '@jest/globals';
import { startRedis, type RedisStore } from '@chatplatform/testkit';
import { realSubject, type RealSubject } from './contract/real-subject.ts';
import { redisContract } from './contract/redis-contract.ts';
import { appendModel } from './contract/append-model.ts';
import { twinModel } from './contract/twin-model.ts';
import type { ContractSubject } from './contract/subject.ts';

jest.setTimeout(60_000);

describe.each([
  ['one server', false],
  ['a cluster of three primaries', true],
])('%s', (name, cluster) => {
  let store: RedisStore;
  let real: RealSubject;

  beforeAll(async () => {
    store = await startRedis({ cluster });
    real = realSubject(cluster ? { endpoints: store.endpoints, cluster } : { url: store.url, cluster });
  });
  afterAll(async () => {
    await real.close();
    await store.stop();
  });

  const subject: ContractSubject = {
    open: () => real.open(),
    snapshot: () => real.snapshot(),
    endLease: (incarnation) => real.endLease(incarnation),
    patienceMs: 10_000,
  };
  redisContract(name, subject);
  describe('rebuilding', () => appendModel(subject, 15));
  describe('twin', () => twinModel(subject, 60));
});

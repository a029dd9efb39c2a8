import { jest } from '@jest/globals';
import { startRedis, type RedisStore, type RedisStoreOptions } from '@chatplatform/testkit';
import { aclLine, redisAccess, type RedisComponent } from './access/access.ts';
import { CONTRACT_PREFIX, realSubject, type Login, type RealSubject } from './contract/real-subject.ts';
import { redisContract } from './contract/redis-contract.ts';
import { appendModel } from './contract/append-model.ts';
import { twinModel } from './contract/twin-model.ts';
import type { ContractSubject } from './contract/subject.ts';

jest.setTimeout(60_000);

const login = (component: RedisComponent): Login => ({
  username: `chat-${component}`,
  password: `secret of the ${component}`,
});
const USERS = (['gateway', 'worker', 'operator'] as const).map((component) => {
  const { username, password } = login(component);
  return aclLine(username, password, redisAccess(component, CONTRACT_PREFIX));
});

const PLACES: [string, RedisStoreOptions][] = [
  ['one server', {}],
  ['three primaries', { cluster: true }],
  ['three primaries, each with a replica', { cluster: true, replicas: 1 }],
  ['one server with TLS, and a user for each component', { tls: true, users: USERS }],
  ['a cluster with TLS, and a user for each component', { cluster: true, tls: true, users: USERS }],
];

describe.each(PLACES)('%s', (name, options) => {
  let store: RedisStore;
  let real: RealSubject;

  beforeAll(async () => {
    store = await startRedis(options);
    real = realSubject(
      {
        endpoints: store.endpoints,
        cluster: options.cluster === true,
        ...(store.ca !== undefined && { tls: { ca: store.ca } }),
      },
      store.admin && { gateway: login('gateway'), worker: login('worker'), admin: store.admin },
    );
  });
  afterAll(async () => {
    await real?.close();
    await store?.stop();
  });

  const subject: ContractSubject = {
    open: () => real.open(),
    snapshot: () => real.snapshot(),
    endLease: (incarnation) => real.endLease(incarnation),
    patienceMs: 10_000,
  };
  redisContract(name, subject);
  // What they try does not depend on who may log in and how.
  if (options.users !== undefined) return;
  describe('rebuilding', () => appendModel(subject, 15));
  describe('twin', () => twinModel(subject, 60));
});

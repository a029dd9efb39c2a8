import { jest } from '@jest/globals';
import { startRedis } from '@chatplatform/testkit';
import { COMPONENT_USERS, contractAt } from './contract/real-place.ts';

jest.setTimeout(60_000);

// The plainest place, and the one that has everything; those between them are in redis.full.it.test.ts.
contractAt('one server', {}, startRedis);
contractAt(
  'a cluster with TLS, and a user for each component',
  { cluster: true, tls: true, users: COMPONENT_USERS },
  startRedis,
);

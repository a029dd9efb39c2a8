import { jest } from '@jest/globals';
import { startRedis } from '@chatplatform/testkit';
import { COMPONENT_USERS, contractAt } from './contract/real-place.ts';

jest.setTimeout(60_000);

contractAt('three primaries', { cluster: true }, startRedis);
contractAt('three primaries, each with a replica', { cluster: true, replicas: 1 }, startRedis);
contractAt(
  'one server with TLS, and a user for each component',
  { tls: true, users: COMPONENT_USERS },
  startRedis,
);

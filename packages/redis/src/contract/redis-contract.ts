import { historyContract } from './history-contract.ts';
import { inboxContract } from './inbox-contract.ts';
import {
  budgetContract,
  gatewaysContract,
  keyspaceContract,
  latestContract,
  presenceContract,
  routesContract,
  sessionsContract,
} from './nouns-contract.ts';
import type { ContractSubject } from './subject.ts';

/** The promises of every noun. One server, a cluster and the twin in memory pass it. */
export function redisContract(name: string, subject: ContractSubject): void {
  describe(`Redis contract: ${name}`, () => {
    // First: it needs a Redis without canaries.
    describe('keyspace', () => keyspaceContract(subject));
    describe('history', () => historyContract(subject));
    describe('latest', () => latestContract(subject));
    describe('routes', () => routesContract(subject));
    describe('presence', () => presenceContract(subject));
    describe('gateways', () => gatewaysContract(subject));
    describe('sessions', () => sessionsContract(subject));
    describe('budget', () => budgetContract(subject));
    describe('inbox', () => inboxContract(subject));
  });
}

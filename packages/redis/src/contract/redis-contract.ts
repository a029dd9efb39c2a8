import { idempotencyContract, revocationsContract } from './api-contract.ts';
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
import { presenceModel } from './presence-model.ts';
import { receiptsContract } from './receipts-contract.ts';
import { deliveriesContract, locksContract, onlineContract } from './services-contract.ts';
import { sessionsModel } from './sessions-model.ts';
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
    describe('presence of many', () => presenceModel(subject, 40));
    describe('receipts', () => receiptsContract(subject));
    describe('gateways', () => gatewaysContract(subject));
    describe('sessions', () => sessionsContract(subject));
    describe('sessions of many holders', () => sessionsModel(subject, 40));
    describe('budget', () => budgetContract(subject));
    describe('revocations', () => revocationsContract(subject));
    describe('idempotency', () => idempotencyContract(subject));
    describe('locks', () => locksContract(subject));
    describe('deliveries', () => deliveriesContract(subject));
    describe('online', () => onlineContract(subject));
    describe('inbox', () => inboxContract(subject));
  });
}

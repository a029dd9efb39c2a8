import { jest } from '@jest/globals';
import { startKafka } from '@chatplatform/testkit';
import { brokerContract } from './broker-contract.ts';

jest.setTimeout(60_000);

// Each driver on one line of brokers: together they meet both. The other two pairs are in brokers.full.it.test.ts.
brokerContract(startKafka, 'current', 'platformatic');
brokerContract(startKafka, 'oldest', 'kafkajs');

import { jest } from '@jest/globals';
import { startKafka } from '@chatplatform/testkit';
import { brokerContract } from './broker-contract.ts';

jest.setTimeout(60_000);

brokerContract(startKafka, 'current', 'kafkajs');
brokerContract(startKafka, 'oldest', 'platformatic');

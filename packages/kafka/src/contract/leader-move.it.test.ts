import { startKafka } from '@chatplatform/testkit';
import { leaderMoveContract } from './leader-move-contract.ts';

// The other driver is in leader-move.full.it.test.ts.
leaderMoveContract(startKafka, 'kafkajs');

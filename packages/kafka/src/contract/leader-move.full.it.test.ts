import { startKafka } from '@chatplatform/testkit';
import { leaderMoveContract } from './leader-move-contract.ts';

leaderMoveContract(startKafka, 'platformatic');

import { jest } from '@jest/globals';
import type { MemoryKafka } from '@chatplatform/kafka';
import { names } from '@chatplatform/platform';
import { decodeEvent } from '@chatplatform/protocol';
import { Bench } from '../testing/bench.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

const { topics } = names('test', 'bench');

test('who joins and leaves a room is told to other services once, however many devices and gateways', async () => {
  const bench = await Bench.open();
  const kafka = bench.stores.kafka() as MemoryKafka;
  await kafka.admin().ensureTopics([{ name: topics.events, partitions: 1, replicationFactor: 1 }]);
  const told = () =>
    kafka.records(topics.events).flatMap(({ value }) => {
      const event = decodeEvent(String(value));
      return event?.type === 'member.joined' || event?.type === 'member.left'
        ? [`${event.type} ${event.room} ${event.user}`]
        : [];
    });
  const [one, two] = [await bench.gateway(), await bench.gateway()];
  const ann = await bench.client(one, 'ann', { rooms: { r: {} } });
  const bob = await bench.client(two, 'bob', { rooms: { r: {} } });
  const again = await bench.client(two, 'bob', { rooms: { r: {} } });
  await ann.raw.when(() => told().length === 2);
  await bob.raw.request('leave', { room: 'r' });
  await again.raw.request('leave', { room: 'r' });
  await ann.raw.when(() => told().length === 3);
  expect(told().sort()).toEqual(['member.joined r ann', 'member.joined r bob', 'member.left r bob']);
  await bench.close();
});

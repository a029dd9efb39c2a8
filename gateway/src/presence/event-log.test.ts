import { memoryKafka } from '@chatplatform/kafka';
import { decodeEvent, type PlatformEvent } from '@chatplatform/protocol';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { EventLog } from './event-log.ts';

const TOPIC = 'test.chat.events';
const EVENT: PlatformEvent = {
  type: 'message.read',
  room: 'r',
  user: 'ann',
  id: 'epoch100000000000004',
  at: 1_700_000_000_000,
};

function scene() {
  const clock = new ManualClock();
  const kafka = memoryKafka({ clock, random: seededRandom(3) });
  const client = kafka.client();
  const lost: unknown[] = [];
  let asked = 0;
  const log = new EventLog({
    topic: TOPIC,
    admin: {
      partitionCount: (topic) => {
        asked += 1;
        return client.admin().partitionCount(topic);
      },
    },
    producer: client.producer(),
    clock,
    onLost: (error) => lost.push(error),
  });
  const create = () => client.admin().ensureTopics([{ name: TOPIC, partitions: 4, replicationFactor: 1 }]);
  return { clock, kafka, log, lost, create, asked: () => asked };
}

test('an event is a record of its topic, by its key', async () => {
  const { clock, kafka, log, lost, create, asked } = scene();
  await create();
  log.tell(EVENT);
  log.tell({ ...EVENT, room: 'other' });
  await clock.advance(1000);
  const records = kafka.records(TOPIC);
  expect(records.map(({ key }) => key).sort()).toEqual(['other', 'r']);
  expect(records.map(({ value }) => decodeEvent(String(value)))).toContainEqual(EVENT);
  expect(lost).toEqual([]);
  expect(asked()).toBe(1);
});

test('without the topic events are lost and counted, and it is asked for again only after a while', async () => {
  const { clock, kafka, log, lost, create, asked } = scene();
  for (let n = 0; n < 5; n += 1) {
    log.tell(EVENT);
    await clock.advance(1000);
  }
  expect(lost).toHaveLength(5);
  expect(asked()).toBe(1);
  await create();
  await clock.advance(30_000);
  log.tell(EVENT);
  await clock.advance(1000);
  expect(kafka.records(TOPIC)).toHaveLength(1);
});

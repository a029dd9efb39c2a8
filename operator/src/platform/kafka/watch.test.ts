import { type Kafka, memoryKafka } from '@chatplatform/kafka';
import { ChatPlatformSpec, names } from '@chatplatform/platform';
import { ManualClock } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { demoPlatform } from '../../testing/broken-resources.ts';
import { kafkaWatch, type KafkaTarget } from './watch.ts';

const platform = { namespace: 'default', name: 'demo' };
const target = (change: Partial<KafkaTarget> = {}): KafkaTarget => ({
  platform,
  spec: ChatPlatformSpec.parse(demoPlatform()['spec']),
  connection: { bootstrapServers: ['kafka:9092'], clientId: 'operator' },
  readOnly: false,
  ...change,
});

function bench(kafka: Kafka = memoryKafka()) {
  const created: string[] = [];
  const clock = new ManualClock();
  const watch = kafkaWatch({
    connect: () => kafka,
    clock,
    logger: silentLogger,
    fence: () => undefined,
    onChange: () => undefined,
    onCreated: (topics) => created.push(...topics),
  });
  const settle = async (ms = 0): Promise<void> => {
    await clock.advance(ms);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { watch, created, settle, kafka };
}

describe('the watch over a Kafka', () => {
  test('makes the topics and the epoch, and tells which topics are new', async () => {
    const { watch, created, settle, kafka } = bench();
    watch.aim(target());
    await settle();
    const { topics, groups: _groups } = names('default', 'demo');
    expect(created.sort()).toEqual(Object.values(topics).sort());
    expect(watch.observation()).toMatchObject({ reachable: true, lag: { lag: 0, partitions: 6 } });
    expect(await kafka.admin().readControl(topics.control)).toHaveProperty('epoch');
    await watch.stop();
  });

  test('touches nothing while the platform is paused', async () => {
    const { watch, created, settle, kafka } = bench();
    watch.aim(target({ readOnly: true }));
    await settle();
    expect(created).toEqual([]);
    const [messages] = await kafka.admin().describeTopics([names('default', 'demo').topics.messages]);
    expect(messages?.outcome).toBe('absent');
    await watch.stop();
  });

  test('an outage takes the lag away instead of calling it zero', async () => {
    const kafka = memoryKafka();
    const admin = kafka.admin();
    let down = false;
    const flaky: Kafka = {
      ...kafka,
      close: () => Promise.resolve(),
      admin: () => ({
        ensureTopics: (specs) => admin.ensureTopics(specs),
        describeTopics: (topics) => admin.describeTopics(topics),
        partitionCount: (topic) => admin.partitionCount(topic),
        groupLag: (group, topic) => admin.groupLag(group, topic),
        offsetAt: (topic, partition, at) => admin.offsetAt(topic, partition, at),
        deleteTopics: (topics) => admin.deleteTopics(topics),
        readControl: (topic) => admin.readControl(topic),
        ensureEpoch: (topic) => admin.ensureEpoch(topic),
        clusterId: () => (down ? Promise.reject(new Error('no broker')) : admin.clusterId()),
        close: () => Promise.resolve(),
      }),
    };
    const { watch, settle } = bench(flaky);
    watch.aim(target());
    await settle();
    expect(watch.observation().reachable).toBe(true);
    down = true;
    await settle(15_000);
    expect(watch.observation().reachable).toBe(true);
    await settle(3000);
    await settle(3000);
    expect(watch.observation()).toMatchObject({ reachable: false, problem: 'no broker' });
    expect(watch.observation().lag).toBeUndefined();
    await watch.stop();
  });
});

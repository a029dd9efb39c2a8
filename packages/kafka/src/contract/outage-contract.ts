import { until } from '@chatplatform/runtime';
import type { Kafka } from '../port/kafka.ts';
import {
  expectOnlyPassingErrors,
  expectOrderedFirstCopies,
  expectTrueAnswers,
  logOf,
  pour,
  type Pouring,
} from './pour.ts';
import { message, Reader } from './reader.ts';

const PARTITIONS = 3;
let topics = 0;

/** The broker of these tests, as the testkit starts one. */
export interface BrokerUnderTest {
  kill9(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
}

/** The process may have something left to do from before: it has to be idle at one of so many looks. */
const IDLE_LOOKS = 3;
/** Of one core. Unpatched, kafkajs wakes up ~900 times a second per connection: about 3 % each, at every look. */
const IDLE_SHARE = 0.03;

/** What every driver promises when its one broker dies, hangs or is away. */
export function outageContract(
  name: string,
  { store, connect }: { store: () => BrokerUnderTest; connect: () => Kafka },
): void {
  describe(`Kafka outages: ${name}`, () => {
    let kafka: Kafka;
    let topic = '';

    beforeEach(async () => {
      kafka = connect();
      topics += 1;
      topic = `outage-${topics}`;
      await kafka.admin().ensureTopics([{ name: topic, partitions: PARTITIONS, replicationFactor: 1 }]);
    });
    afterEach(() => kafka.close());

    const begin = (gapMs: number): Pouring =>
      pour(kafka.producer(), { topic, partitions: PARTITIONS, gapMs });

    test('kill -9 of the broker under load: nothing acknowledged is lost, order of first copies holds, all clients return by themselves', async () => {
      const reader = new Reader(kafka.consumer());
      await reader.start(topic, `${topic}-g`);
      await until(() => reader.assigned.size === PARTITIONS, 20_000);
      const pouring = begin(10);
      await until(() => pouring.acknowledged() > 300, 20_000);
      await store().kill9();
      await store().restart();
      const mark = pouring.sent.length;
      await until(() => pouring.acknowledged(mark) > 300, 40_000);
      await pouring.stop();
      expectOrderedFirstCopies(await logOf(reader, pouring.sent));
      expectTrueAnswers(pouring.sent, reader);
      expect(reader.overlaps).toBe(0);
      expectOnlyPassingErrors(pouring.sent);
    });

    test('a broker that hangs after taking a request: the answer says that it is uncertain, and the first copy counts', async () => {
      const pouring = begin(5);
      await until(() => pouring.acknowledged() > 100, 20_000);
      store().pause();
      // Longer than one attempt (5 s), shorter than the deadline (10 s).
      await new Promise((resolve) => setTimeout(resolve, 6_500));
      store().resume();
      await pouring.stop();
      const { sent } = pouring;
      expect(sent.filter((entry) => entry.answer?.certain === false).length).toBeGreaterThan(0);
      const reader = new Reader(kafka.consumer());
      await reader.start(topic, `${topic}-g`);
      expectOrderedFirstCopies(await logOf(reader, sent));
      expectTrueAnswers(sent, reader);
      for (const { value, answer } of sent)
        if (answer?.certain === true)
          expect({ value, at: reader.offsetsOf(value) }).toEqual({ value, at: [answer.offset] });
    });

    test('while no broker is there: down within seconds, refusal at once, consumer alive; up again by itself', async () => {
      const producer = kafka.producer();
      await producer.append(message(topic, 'a'));
      const reader = new Reader(kafka.consumer());
      await reader.start(topic, `${topic}-g`);
      await until(() => reader.values.length === 1, 20_000);
      const crashes: Error[] = [];
      reader.consumer.onCrash((error) => crashes.push(error));
      await store().kill9();
      const pending = producer.append(message(topic, 'b')).catch((error: { code: string }) => error.code);
      await until(() => producer.state === 'down', 10_000);
      const before = performance.now();
      await expect(producer.append(message(topic, 'c'))).rejects.toMatchObject({
        code: 'unavailable',
        retryable: true,
      });
      expect(performance.now() - before).toBeLessThan(50);
      const alive = reader.consumer.lastActivity();
      await until(() => reader.consumer.lastActivity() > alive, 20_000);
      await store().restart();
      await until(() => producer.state === 'up', 20_000);
      await producer.append(message(topic, 'd'));
      await pending;
      await until(() => reader.values.includes('d'), 30_000);
      expect(crashes).toEqual([]);
    });

    test('an idle client costs next to nothing', async () => {
      await kafka.producer().append(message(topic, 'a'));
      let least = await cpuShare();
      for (let look = 1; look < IDLE_LOOKS && least >= IDLE_SHARE; look += 1)
        least = Math.min(least, await cpuShare());
      expect(least).toBeLessThan(IDLE_SHARE);
    });
  });
}

/** Of one core, by this process, over two seconds. */
async function cpuShare(): Promise<number> {
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 2_000_000;
}

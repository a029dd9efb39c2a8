import { jest } from '@jest/globals';
import { until } from '@chatplatform/runtime';
import { startRedis, type RedisStore } from '@chatplatform/testkit';
import { realSubject, type RealSubject } from '../contract/real-subject.ts';
import { EPOCH, message } from '../contract/messages.ts';
import { RedisError } from '../errors.ts';
import { encodeInboxLine } from '../inbox/inbox-line.ts';
import type { InboxGap } from '../inbox/inbox.ts';
import type { Redis } from '../redis.ts';

jest.setTimeout(180_000);

/** Rooms and gateways whose keys lie on every primary. */
const NAMES = Array.from({ length: 12 }, (_, at) => `n-${at}`);
/** The bound of one command (5 s), with room for a machine that does many other things at once. */
const COMMAND_MS = 8_000;
/** Node timeout of the testkit's clusters (2 s), agreement, election and the driver's next look at the slots. */
const FAILOVER_MS = 20_000;

let store: RedisStore;
let real: RealSubject;
let redis: Redis;

beforeAll(async () => {
  store = await startRedis({ cluster: true, replicas: 1 });
  real = realSubject({ endpoints: store.endpoints, cluster: true });
  redis = await real.open();
});
afterAll(async () => {
  await redis?.close();
  await real?.close();
  await store?.stop();
});

/** Uses the store without a pause, as gateways and workers do, and keeps how each command went. */
class Load {
  readonly failures: RedisError[] = [];
  readonly strays: unknown[] = [];
  longestMs = 0;
  #n = 0;
  #stopped = false;
  readonly #loops: Promise<void>[];

  constructor() {
    const history = redis.history(EPOCH);
    this.#loops = NAMES.flatMap((room) => [
      this.#loop(() => {
        this.#n += 1;
        return history.append({ room, messages: [message(room, this.#n, ['i', this.#n])] });
      }),
      this.#loop(() => history.newest(room, 10)),
      this.#loop(() => redis.routes.of(room)),
    ]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(command: () => Promise<unknown>): Promise<void> {
    while (!this.#stopped) {
      const began = performance.now();
      await command().catch((error: unknown) => {
        if (error instanceof RedisError) this.failures.push(error);
        else this.strays.push(error);
      });
      this.longestMs = Math.max(this.longestMs, performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function allServe(): Promise<boolean> {
  const history = redis.history(EPOCH);
  const answers = await Promise.allSettled(NAMES.map((room) => history.append({ room, messages: [] })));
  return answers.every(({ status }) => status === 'fulfilled');
}

test('a killed primary: no command hangs, none fails for good, its replica serves, and the loss is told', async () => {
  await redis.keyspace.establish({ complete: true });
  expect((await redis.keyspace.state()).state).toBe('intact');
  const load = new Load();
  await until(allServe, FAILOVER_MS);
  const victim = await store.primaryOf(`contract.it:${EPOCH}:hd:{n-0}`);
  const before = (await store.primaries()).length;
  await victim.process.kill9();
  const killedAt = performance.now();
  await until(async () => (await store.primaries()).length === before, FAILOVER_MS);
  await until(allServe, FAILOVER_MS);
  const backAfter = performance.now() - killedAt;
  await load.stop();
  process.stderr.write(
    `  failover: every slot served after ${Math.round(backAfter)} ms, ${load.failures.length} failures,` +
      ` longest command ${Math.round(load.longestMs)} ms\n`,
  );
  expect(load.strays).toEqual([]);
  expect(load.failures.filter(({ retryable }) => !retryable)).toEqual([]);
  expect(load.longestMs).toBeLessThan(COMMAND_MS);
  expect((await redis.keyspace.state()).state).toBe('lost');
  await store.revive();
  expect((await redis.keyspace.state()).state).toBe('intact');
  expect((await store.primaries()).length).toBe(before);
});

test('inboxes on a killed primary are heard again, and nothing is lost in between untold', async () => {
  const heard = new Map(NAMES.map((gw) => [gw, { items: [] as string[], gaps: [] as InboxGap[] }]));
  const subscriptions = await Promise.all(
    NAMES.map((gw) =>
      redis.inbox.subscribe(gw, {
        onItems: (items) => heard.get(gw)?.items.push(...items.map(({ frame }) => frame)),
        onGap: (gap) => heard.get(gw)?.gaps.push(gap),
      }),
    ),
  );
  const publisher = redis.inbox.publisher({ incarnation: 'w-1' });
  let sent = 0;
  const sendToAll = (): Promise<unknown> => {
    sent += 1;
    const line = encodeInboxLine({ class: 'm', frame: String(sent) });
    return Promise.allSettled(NAMES.map((gw) => publisher.publish(gw, [line])));
  };
  const allHave = (frame: string): boolean => [...heard.values()].every(({ items }) => items.includes(frame));
  await sendToAll();
  await until(() => allHave('1'), FAILOVER_MS);
  const victim = await store.primaryOf('contract.it:in:{n-0}');
  const primaries = (await store.primaries()).length;
  await victim.process.kill9();
  await until(async () => {
    await sendToAll();
    return (await store.primaries()).length === primaries;
  }, FAILOVER_MS);
  const after = sent;
  await until(async () => {
    await sendToAll();
    return [...heard.values()].every(({ items }) => Number(items.at(-1)) > after);
  }, FAILOVER_MS);
  // Nothing is heard out of order, and every hole was told before what comes after it.
  for (const { items, gaps } of heard.values()) {
    const numbers = items.map(Number);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    const holes = numbers.filter((n, at) => at > 0 && n !== (numbers[at - 1] ?? 0) + 1).length;
    expect(gaps.length).toBeGreaterThanOrEqual(holes);
  }
  await publisher.signOff();
  await Promise.all(subscriptions.map((subscription) => subscription.close()));
  await store.revive();
});

import { jest } from '@jest/globals';
import { connect } from '@chatplatform/client';
import { encodeRecord, partitionOf } from '@chatplatform/protocol';
import { systemRandom, systemClock } from '@chatplatform/runtime';
import { until } from '../index.ts';
import { ClusterPlatform } from './cluster-platform.ts';
import { PlatformLog } from './platform-log.ts';

/** Bringing up; two rollouts of everything; three changes of mounted keys. */
jest.setTimeout(30 * 60_000);

const ROOM = 'lobby';
/** Id of the key that is added: another one each time, for a platform that is there already. */
const NEXT = systemRandom.id(6);
/** The kubelet looks at a Secret about once a minute. */
const SEEN_MS = 150_000;
const HEARD_MS = 30_000;

let cluster: ClusterPlatform;
let log: PlatformLog;
beforeAll(async () => {
  cluster = await ClusterPlatform.open();
  // A running platform may be at any step; from here it goes up again.
  await switchOff();
  log = await PlatformLog.open(cluster);
});
afterAll(() => log?.close());

async function signing(): Promise<string> {
  const { spec } = await cluster.kubectl.json<{ spec: { security?: { messageSigning?: string } } }>(
    ...['get', 'chatplatform', 'demo'],
  );
  return spec.security?.messageSigning ?? 'Disabled';
}

async function switchOff(): Promise<void> {
  const now = await signing();
  if (now === 'Enabled') await cluster.change({ security: { messageSigning: 'Permissive' } });
  if (now !== 'Disabled') await cluster.change({ security: { messageSigning: 'Disabled' } });
}

const messages = (): string => log.topics.messages;
const change = (name: string, at: number, messageSigning: string) => ({
  ...{ name, at },
  run: () => cluster.change({ security: { messageSigning } }),
});

/** Ids of the keys that what was written meanwhile is signed with. */
async function keysUsedBy(work: () => Promise<unknown>): Promise<string[]> {
  const begin = await log.end(messages());
  await work();
  const records = await log.since(messages(), begin);
  return [...new Set(records.map(({ headers }) => headers['sig']?.split('.')[0] ?? 'none'))].sort();
}

test('a running platform is brought to Enabled under traffic, and no message is refused', async () => {
  await expect(cluster.patch({ security: { messageSigning: 'Enabled' } })).rejects.toThrow(
    /write Permissive first/,
  );
  const letters = await log.end(log.topics.deadLetters);
  await cluster.judge([change('signed', 0.05, 'Permissive'), change('demanded', 0.5, 'Enabled')]);
  expect(await log.end(log.topics.deadLetters)).toEqual(letters);
  expect(await keysUsedBy(() => cluster.judge([], { messages: 100 }))).toEqual([(await keys()).active]);
});

test('Enabled too early takes effect only when the last gateway that does not sign is gone', async () => {
  await expect(cluster.patch({ security: { messageSigning: 'Disabled' } })).rejects.toThrow(
    /write Permissive first, and Disabled when/,
  );
  await switchOff();
  const letters = await log.end(log.topics.deadLetters);
  const hasty = async (): Promise<void> => {
    await cluster.patch({ security: { messageSigning: 'Permissive' } });
    await cluster.change({ security: { messageSigning: 'Enabled' } });
  };
  await cluster.judge([{ name: 'both at once', at: 0.1, run: hasty }]);
  expect(await log.end(log.topics.deadLetters)).toEqual(letters);
});

test('who writes to the log without a key is not believed: nobody hears it, and it is kept with its cause', async () => {
  const { url, token } = cluster.platform;
  const client = connect({ url, token: () => token('listener') });
  const heard: unknown[] = [];
  const room = client.join(ROOM, { limit: 0 });
  room.on('message', ({ data }) => heard.push(data));
  await room.ready;
  const letters = await log.end(log.topics.deadLetters);
  const cid = `${systemRandom.id(24)}.1`;
  const forged = encodeRecord({ room: ROOM, cid, user: 'ann', data: 'forged' });
  const partition = partitionOf(ROOM, await log.kafka.admin().partitionCount(messages()));
  await log.kafka.producer().append({ topic: messages(), partition, ...forged });
  await room.publish('genuine');
  await until('the genuine message', HEARD_MS, () => Promise.resolve(heard.includes('genuine')));
  await until('the dead letter', HEARD_MS, async () => {
    const records = await log.since(log.topics.deadLetters, letters);
    return records.some(({ headers }) => headers['dl-cause'] === 'signature');
  });
  expect(await cluster.chatctl('dlq', 'list', '--cause', 'signature')).toMatch(/signature/);
  await cluster.chatctl('dlq', 'drop', '--all', '--cause', 'signature', '--yes');
  expect(heard).toEqual(['genuine']);
  client.close();
});

test('a key is replaced under traffic while nothing restarts', async () => {
  const pods = await started();
  const { active: old } = await keys();
  await editKeys((before) => ({ ...before, keys: { ...before.keys, [NEXT]: freshKey() } }));
  const activate = () => editKeys((before) => ({ ...before, active: NEXT }));
  await cluster.judge([{ name: 'the next key is active', at: 0.3, run: activate }]);
  expect(await keysUsedBy(() => cluster.judge([], { messages: 100 }))).toEqual([NEXT]);
  await editKeys((before) => ({ active: NEXT, keys: { [NEXT]: before.keys[NEXT] ?? '' } }));
  await cluster.judge([], { messages: 100 });
  expect(old).not.toBe(NEXT);
  expect(await started()).toEqual(pods);
});

interface Keys {
  readonly active: string;
  readonly keys: Readonly<Record<string, string>>;
}

const KEY_BYTES = 32;
const freshKey = (): string => Buffer.from(systemRandom.id(KEY_BYTES)).toString('base64');

async function keys(): Promise<Keys> {
  const { data } = await cluster.kubectl.json<{ data: Record<string, string> }>(
    ...['get', 'secret', 'demo-signing'],
  );
  return JSON.parse(Buffer.from(data['keys.json'] ?? '', 'base64').toString('utf8')) as Keys;
}

/** Changes the Secret, and waits until every program has seen it. */
async function editKeys(edit: (before: Keys) => Keys): Promise<void> {
  const after = edit(await keys());
  const since = new Date(systemClock.now()).toISOString();
  const patch = { stringData: { 'keys.json': JSON.stringify(after) } };
  await cluster.kubectl.run('patch', 'secret', 'demo-signing', '-p', JSON.stringify(patch));
  const pods = [...(await started()).keys()];
  // A pod that changes is looked at by the kubelet at once, its files included.
  await cluster.kubectl.run('annotate', 'pods', ...pods, '--overwrite', `features-keys=${since}`);
  await until('every pod to have the keys', SEEN_MS, async () => {
    const logs = await Promise.all(
      pods.map((pod) => cluster.kubectl.run('logs', pod, `--since-time=${since}`)),
    );
    return logs.every((text) => text.includes('signing keys have changed'));
  });
}

/** Every gateway and worker, with how often it was started. */
async function started(): Promise<Map<string, number>> {
  const { items } = await cluster.kubectl.json<{
    items: {
      metadata: { name: string };
      status: { containerStatuses?: readonly { restartCount: number }[] };
    }[];
  }>('get', 'pods', '-l', 'chatplatform.dev/component in (gateway, worker)');
  return new Map(
    items.map(({ metadata, status }) => [
      metadata.name,
      (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
    ]),
  );
}

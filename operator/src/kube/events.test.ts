import { ManualClock } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { MemoryClient } from '../testing/memory-client.ts';
import type { KubeClient } from './client.ts';
import { createEventRecorder } from './events.ts';

const about = {
  apiVersion: 'v1',
  kind: 'ChatPlatform',
  metadata: { name: 'demo', namespace: 'chat', uid: 'u' },
};
const note = { type: 'Normal', reason: 'Ready', message: 'it works' } as const;
const QUIET_MS = 600_000;

/** A client of events, and what was patched into those that were there. */
function eventClient() {
  const patches: object[] = [];
  const client: KubeClient = new MemoryClient();
  client.patch = (_resource, _target, patch) => {
    patches.push(patch);
    return Promise.resolve(about);
  };
  return { client, patches };
}

test('what is told as an event stands in the log, once', async () => {
  const lines: unknown[] = [];
  const logger = { ...silentLogger, info: (...line: unknown[]) => lines.push(line) } as typeof silentLogger;
  const recorder = createEventRecorder(eventClient().client, new ManualClock(), logger);
  await recorder.record(about, note);
  await recorder.record(about, note);
  expect(lines).toEqual([[{ platform: 'chat/demo', reason: 'Ready' }, 'it works']]);
});

test('what is said again later is counted; by another process it is told as of now', async () => {
  const { client, patches } = eventClient();
  const clock = new ManualClock();
  const recorder = createEventRecorder(client, clock, silentLogger);
  await recorder.record(about, note);
  await recorder.record(about, note);
  expect(patches).toEqual([]);
  await clock.advance(QUIET_MS);
  await recorder.record(about, note);
  expect(patches).toEqual([{ count: 2, lastTimestamp: expect.any(String) }]);
  await createEventRecorder(client, clock, silentLogger).record(about, note);
  const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  expect(patches.at(-1)).toEqual({ count: 1, firstTimestamp: now, lastTimestamp: now });
});

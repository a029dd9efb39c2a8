import type { Clock } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import { hashOf } from './applied-state.ts';
import type { KubeClient } from './client.ts';
import { isKubeError } from './errors.ts';
import { type KubeObject, Resources } from './resource.ts';

/** Something worth telling whoever runs `kubectl describe`. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase, stable. */
  readonly reason: string;
  readonly message: string;
}

/** Writes events about objects, and into the log; losing one is never an error. */
export interface EventRecorder {
  record(about: KubeObject, note: EventNote): Promise<void>;
}

// The same thing said again within this time is not news; the API server keeps events for an hour.
const QUIET_MS = 600_000;
// Enough for some hundred platforms with a dozen reasons each.
const MAX_KNOWN = 4096;
const MAX_MESSAGE = 1024;

/** One event object per (object, reason, message); repeats after a while count up on it. */
export function createEventRecorder(client: KubeClient, clock: Clock, logger: Logger): EventRecorder {
  const known = new Map<string, { at: number; count: number }>();
  return {
    record: async (about, note) => {
      const { namespace = 'default', name, uid } = about.metadata;
      const eventName = `${name}.${hashOf([uid, note.reason, note.message], 16)}`;
      const key = `${namespace}/${eventName}`;
      const before = known.get(key);
      const now = clock.monotonic();
      if (before && now - before.at < QUIET_MS) return;
      if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value as string);
      const count = (before?.count ?? 0) + 1;
      known.set(key, { at: now, count });
      // Events are gone after an hour; the log tells the same story to who asks later.
      const level = note.type === 'Warning' ? 'warn' : 'info';
      logger[level]({ platform: `${namespace}/${name}`, reason: note.reason }, note.message);
      try {
        await write(
          client,
          describe(about, { note, name: eventName, namespace, count, at: new Date(clock.now()) }),
        );
      } catch (error) {
        if (isKubeError(error, 'terminating')) return;
        logger.warn({ reason: note.reason, err: error }, 'an event could not be written');
      }
    },
  };
}

interface Writing {
  readonly note: EventNote;
  readonly name: string;
  readonly namespace: string;
  readonly count: number;
  readonly at: Date;
}

function describe(about: KubeObject, { note, name, namespace, count, at }: Writing): KubeObject {
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name: about.metadata.name,
      namespace,
      uid: about.metadata.uid,
      resourceVersion: about.metadata.resourceVersion,
    },
    type: note.type,
    reason: note.reason,
    message: note.message.slice(0, MAX_MESSAGE),
    source: { component: 'chatplatform-operator' },
    reportingComponent: 'chatplatform-operator',
    firstTimestamp: time,
    lastTimestamp: time,
    count,
  };
}

async function write(client: KubeClient, event: KubeObject): Promise<void> {
  try {
    await client.create(event);
  } catch (error) {
    if (!isKubeError(error, 'already-exists')) throw error;
    const target = { namespace: event.metadata.namespace ?? '', name: event.metadata.name };
    const { count, firstTimestamp, lastTimestamp } = event;
    // Of what an earlier process wrote the count is not known: it begins anew, or kubectl would show the age of the first time.
    await client.patch(Resources.event, target, {
      ...{ count, lastTimestamp },
      ...(count === 1 ? { firstTimestamp } : {}),
    });
  }
}

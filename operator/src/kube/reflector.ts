import type { IncomingMessage } from 'node:http';
import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import type { KubeClient, Selection } from './client.ts';
import { errorOfStatus, isKubeError, KubeError } from './errors.ts';
import { keyOf, type KubeObject, type ResourceType } from './resource.ts';

/** A cache of one kind of object that follows the API server for ever. */
export interface Reflector {
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>;
  get(namespace: string, name: string): KubeObject | undefined;
  list(filter?: (object: KubeObject) => boolean): KubeObject[];
  /** Takes in the answer of a write of ours, so that the next pass sees it before the watch tells. */
  learn(object: KubeObject): void;
  /** Milliseconds (monotonic) of the last byte or answer from the API server. */
  lastContact(): number;
  stop(): Promise<void>;
}

/** What a reflector is given. */
export interface ReflectorOptions {
  readonly client: KubeClient;
  readonly resource: ResourceType;
  readonly selection: Selection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told of every object that appeared, changed or vanished. Must only note a key: it cannot fail the watch. */
  readonly onChange: (object: KubeObject) => void;
}

// As client-go: pages of 500, a watch of 5 to 10 minutes so that restarts spread.
const PAGE = 500;
const WATCH_MIN_SECONDS = 290;
const WATCH_SPREAD_SECONDS = 300;
// Bookmarks come every minute; twice that in silence means a dead connection.
const SILENCE_MS = 120_000;
// client-go's reflector: 800 ms doubling to 30 s.
const RETRY = { base: 800, factor: 2, max: 30_000, jitter: 0.5 };
// A watch that ends sooner did not work, even if it ended politely: back off.
const SHORT_WATCH_MS = 1000;

/**
 * Lists and watches one kind, and never gives up: every failure leads back to a watch from the last
 * known version, or to a new list when the server forgot it (410). There is no terminal state.
 */
export function startReflector(options: ReflectorOptions): Reflector {
  const { client, resource, selection, clock, logger } = options;
  const objects = new Map<string, KubeObject>();
  const retry = backoff(RETRY, options.random);
  const stopping = new AbortController();
  let version: string | undefined;
  let contact = clock.monotonic();
  let markSynced: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => (markSynced = resolve));

  const tell = (object: KubeObject): void => {
    try {
      options.onChange(object);
    } catch (error) {
      logger.error({ err: error, kind: resource.kind }, 'a change handler failed; the watch goes on');
    }
  };

  const relist = async (): Promise<void> => {
    const seen = new Map<string, KubeObject>();
    let next: string | undefined;
    let listed = '';
    do {
      const page = await client.list(resource, selection, {
        limit: PAGE,
        ...(next ? { continue: next } : {}),
      });
      for (const item of page.items) seen.set(keyOf(item), slim(item));
      next = page.continue;
      listed = page.resourceVersion;
    } while (next);
    contact = clock.monotonic();
    const before = new Map(objects);
    objects.clear();
    for (const [key, object] of seen) objects.set(key, object);
    version = listed;
    for (const [key, object] of seen) {
      if (before.get(key)?.metadata.resourceVersion !== object.metadata.resourceVersion) tell(object);
      before.delete(key);
    }
    for (const vanished of before.values()) tell(vanished);
    markSynced();
  };

  /** False when something newer is known already. */
  const store = (object: KubeObject): boolean => {
    const known = objects.get(keyOf(object));
    if (known?.metadata.uid === object.metadata.uid && versionOf(known) > versionOf(object)) return false;
    objects.set(keyOf(object), object);
    return true;
  };

  const take = (line: string): void => {
    contact = clock.monotonic();
    const event = JSON.parse(line) as { type: string; object: KubeObject };
    if (event.type === 'ERROR') {
      const status = event.object as unknown as { code?: number };
      throw errorOfStatus(status.code ?? 500, event.object, `watch of ${resource.plural}`);
    }
    version = event.object.metadata.resourceVersion ?? version;
    if (event.type === 'BOOKMARK') return;
    const object = slim({ ...event.object, apiVersion: resource.apiVersion, kind: resource.kind });
    if (event.type === 'DELETED') objects.delete(keyOf(object));
    else if (!store(object)) return;
    tell(object);
  };

  const watch = async (from: string): Promise<void> => {
    const timeoutSeconds = Math.round(WATCH_MIN_SECONDS + WATCH_SPREAD_SECONDS * options.random.next());
    const watchdog = silenceWatchdog(clock, stopping.signal, () => contact);
    const began = clock.monotonic();
    contact = began;
    let events = 0;
    try {
      const body = await client.watch(resource, selection, {
        resourceVersion: from,
        timeoutSeconds,
        signal: watchdog.signal,
      });
      contact = clock.monotonic();
      await eachLine(body, (line) => {
        take(line);
        events += 1;
        retry.reset();
      });
    } finally {
      watchdog.stop();
    }
    if (events === 0 && clock.monotonic() - began < SHORT_WATCH_MS) {
      throw new KubeError('server', 'the server ended the watch at once');
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        if (version === undefined) await relist();
        else await watch(version);
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (isKubeError(error, 'gone')) version = undefined;
        logger.warn({ kind: resource.kind, reason: reasonOf(error) }, 'watch interrupted, going on');
        await clock.sleep(retry.next(), stopping.signal).catch(() => undefined);
      }
    }
  };
  const running = loop();

  return {
    synced,
    get: (namespace, name) => objects.get(`${namespace}/${name}`),
    list: (filter = () => true) => [...objects.values()].filter(filter),
    learn: (object) => void store(slim(object)),
    lastContact: () => contact,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Versions of one kind are ordered numbers in every Kubernetes there is; anything else compares as equal. */
const versionOf = (object: KubeObject | undefined): number => Number(object?.metadata.resourceVersion) || 0;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Field ownership is the largest part of an object, and nobody here reads it. */
function slim(object: KubeObject): KubeObject {
  const { managedFields: _unused, ...metadata } = object.metadata as KubeObject['metadata'] & {
    managedFields?: unknown;
  };
  return { ...object, metadata };
}

/** A signal that fires when nothing was heard for too long, or when the reflector stops. */
function silenceWatchdog(
  clock: Clock,
  stopping: AbortSignal,
  lastContact: () => number,
): { signal: AbortSignal; stop(): void } {
  const control = new AbortController();
  const onStop = (): void => control.abort(new Error('stopping'));
  stopping.addEventListener('abort', onStop, { once: true });
  let timer = clock.setTimeout(check, SILENCE_MS);
  function check(): void {
    const left = lastContact() + SILENCE_MS - clock.monotonic();
    if (left <= 0) control.abort(new KubeError('network', `nothing heard for ${SILENCE_MS / 1000} s`));
    else timer = clock.setTimeout(check, left);
  }
  return {
    signal: control.signal,
    stop: () => {
      timer.cancel();
      stopping.removeEventListener('abort', onStop);
    },
  };
}

/** Calls `onLine` for every line; rejects when the body breaks off or `onLine` throws. */
async function eachLine(body: IncomingMessage, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  body.setEncoding('utf8');
  try {
    for await (const chunk of body as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.filter((line) => line !== '').forEach(onLine);
    }
  } catch (cause) {
    if (cause instanceof KubeError) throw cause;
    throw new KubeError('network', `the watch broke off: ${reasonOf(cause)}`, { cause });
  }
}

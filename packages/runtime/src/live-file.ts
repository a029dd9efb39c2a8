import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { z } from 'zod';
import { systemClock, type Clock, type Timer } from './clock.ts';

/** Kubernetes swaps a mounted ConfigMap by renaming a link, which file events miss; reading every 2 s is cheap and sure. */
const POLL_MS = 2000;

export interface LiveFileOptions {
  readonly clock?: Clock;
  readonly intervalMs?: number;
  /** Told once per broken content; the last good value stays in force. */
  readonly onInvalid?: (error: unknown) => void;
}

/** A file being watched. */
export interface LiveFile {
  /** Reads the file now, without waiting for the next look. */
  check(): Promise<void>;
  stop(): void;
}

/**
 * Calls `onChange` with the parsed content (YAML or JSON) of `path`, at the first look and whenever it changes. A file that is missing or does not match `schema` changes nothing.
 */
export function liveFile<T>(
  path: string,
  schema: z.ZodType<T>,
  onChange: (value: T) => void,
  options: LiveFileOptions = {},
): LiveFile {
  const clock = options.clock ?? systemClock;
  let known: string | undefined;
  let timer: Timer | undefined;
  let stopped = false;

  const look = async (): Promise<void> => {
    try {
      const text = await readFile(path, 'utf8');
      const hash = createHash('sha256').update(text).digest('hex');
      if (hash === known) return;
      known = hash;
      onChange(schema.parse(parse(text)));
    } catch (error) {
      options.onInvalid?.(error);
    }
  };
  const loop = async (): Promise<void> => {
    await look();
    if (!stopped) timer = clock.setTimeout(() => void loop(), options.intervalMs ?? POLL_MS);
  };
  void loop();
  return {
    check: look,
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}

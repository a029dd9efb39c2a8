import { connect } from '@chatplatform/client';
import { systemClock } from '@chatplatform/runtime';
import { CliError } from '../errors.ts';

/** How long a first message may take: a group waits 10 s for members that were killed, then shares out anew. */
const PROBE_MS = 45_000;
/** A room nobody else uses; its history holds a few probes. */
const PROBE_ROOM = 'probe:chatctl';

export interface ProbeTarget {
  readonly url: string;
  readonly token: (user: string) => Promise<string>;
}

/**
 * Sends one message through the public door and waits until it comes back by way of log, worker and fan-out.
 * @returns milliseconds from publish to delivery
 * @throws CliError `unreachable`
 */
export async function probe(target: ProbeTarget, deadlineMs = PROBE_MS): Promise<number> {
  const client = connect({ url: target.url, token: () => target.token('chatctl-probe') });
  const nonce = `${Date.now()}-${Math.random()}`;
  const answered = new AbortController();
  try {
    return await Promise.race([roundTrip(client, nonce), deadline(deadlineMs, answered.signal)]);
  } catch (error) {
    throw new CliError(
      'unreachable',
      `no message came through ${target.url} within ${deadlineMs / 1000} s (${error instanceof Error ? error.message : String(error)})`,
      'look at `chatctl status` and the logs it names',
      { cause: error },
    );
  } finally {
    answered.abort();
    client.close();
  }
}

async function roundTrip(client: ReturnType<typeof connect>, nonce: string): Promise<number> {
  const room = client.join(PROBE_ROOM, { limit: 0 });
  await room.ready;
  const back = new Promise<void>((resolve) => {
    room.on('message', (message) => {
      if ((message.data as { nonce?: string } | null)?.nonce === nonce) resolve();
    });
  });
  const began = performance.now();
  await room.publish({ nonce });
  await back;
  return performance.now() - began;
}

/** Rejects when the time is up; never settles once there is an answer. */
async function deadline(ms: number, answered: AbortSignal): Promise<never> {
  const cancelled = await systemClock.sleep(ms, answered).then(
    () => false,
    () => true,
  );
  if (cancelled) return new Promise<never>(() => undefined);
  throw new Error('no answer');
}

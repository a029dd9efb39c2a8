import { setTimeout as sleep } from 'node:timers/promises';

/** Often enough to end with the drain, rarely enough to cost nothing. */
const LOOK_MS = 250;
/** The admin port is on this machine: no answer within this time is none at all. */
const ANSWER_MS = 2000;

/**
 * Tells the gateway of this machine to drain, and returns when it is empty: the preStop hook of a pod.
 * Returns at once when no gateway listens (there is nobody to move). Its caller has the deadline.
 */
export async function drainAndWait(adminPort: number): Promise<void> {
  const ask = async (method: 'GET' | 'POST'): Promise<string | undefined> => {
    const response = await fetch(`http://127.0.0.1:${adminPort}/drain`, {
      method,
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(method === 'POST' ? { body: JSON.stringify({ reason: 'preStop' }) } : {}),
    });
    return ((await response.json()) as { state?: string }).state;
  };
  try {
    let state = await ask('POST');
    while (state !== undefined && state !== 'drained') {
      await sleep(LOOK_MS);
      state = await ask('GET');
    }
  } catch {
    // Gone or never there: the SIGTERM that follows finds out.
  }
}

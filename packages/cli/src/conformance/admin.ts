import type { AdminPort } from '@chatplatform/protocol/conformance';
import { CliError } from '../errors.ts';

// Longer than a case takes, so that nobody is closed at the deadline.
const DRAIN_SECONDS = 60;

/** The admin port of one gateway. @param token - of the platform; absent = this machine may write anyway */
export function adminPort(url: string, token: string | undefined): AdminPort {
  const call = async (method: string, body?: object): Promise<{ remaining: number }> => {
    const response = await fetch(new URL('/drain', url), {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (response.ok) return (await response.json()) as { remaining: number };
    const text = `${method} ${url}/drain answered ${response.status}: ${await response.text()}`;
    throw new CliError('refused', text, 'give the platform’s admin token with --admin-token-file');
  };
  return {
    connections: async () => (await call('GET')).remaining,
    startDrain: async () => {
      await call('POST', { reason: 'conformance', timeoutSeconds: DRAIN_SECONDS });
    },
    cancelDrain: async () => {
      await call('DELETE');
    },
  };
}

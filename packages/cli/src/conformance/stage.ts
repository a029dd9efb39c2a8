import { setTimeout as sleep } from 'node:timers/promises';
import { systemRandom } from '@chatplatform/runtime';
import type { AdminPort, Need, Stage } from '@chatplatform/protocol/conformance';
import { dial } from './socket.ts';

/** The platform a run talks to. */
export interface StageOptions {
  /** WebSocket address. */
  readonly url: string;
  /** Mints a token, or gives the only one there is. */
  readonly token: Stage['token'];
  /** Set when there is only one token: its user. */
  readonly user: string | undefined;
  readonly namespaces: Stage['namespaces'];
  readonly admin: AdminPort | undefined;
}

const RUN_LENGTH = 6;

/** Real sockets, real time. */
export function openStage(options: StageOptions): Stage {
  const { url, token, user, namespaces, admin } = options;
  const there: Record<Need, boolean> = {
    users: user === undefined,
    latest: namespaces.latest !== undefined,
    quiet: namespaces.quiet !== undefined,
    admin: admin !== undefined,
  };
  return {
    namespaces,
    run: systemRandom.id(RUN_LENGTH),
    user,
    admin,
    has: (need) => there[need],
    id: (length) => systemRandom.id(length),
    token,
    dial: (how) => dial(url, how),
    post: (path, request) => post(url, path, request),
    sleep: (ms) => sleep(ms),
    now: () => performance.now(),
  };
}

async function post(url: string, path: string, request: { token: string; body: object }): Promise<number> {
  const address = new URL(`/api/v1${path}`, url.replace(/^ws/, 'http'));
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${request.token}` },
    body: JSON.stringify(request.body),
  });
  await response.arrayBuffer();
  return response.status;
}

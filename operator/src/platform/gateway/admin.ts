import { ADMIN_PORT } from '../../resources/pod.ts';
import type { PodProbe } from './pod-view.ts';

/** How to tell a gateway pod to move its clients. */
export interface DrainOrder {
  /** Bearer token of the platform. */
  readonly token: string;
  readonly timeoutSeconds: number;
}

/** The admin port of gateway pods. `address` is a pod's IP. */
export interface GatewayAdmin {
  /** Undefined when the pod does not answer: unknown is never zero. */
  probe(address: string): Promise<PodProbe | undefined>;
  /** Idempotent. @throws {Error} when the pod does not take the order. */
  drain(address: string, order: DrainOrder): Promise<void>;
  /** Takes a drain back. @throws {Error} when the pod does not take the order. */
  restore(address: string, token: string): Promise<void>;
}

// A healthy pod answers in milliseconds; a pass must not hang on a sick one.
const TIMEOUT_MS = 2000;

/** The admin port over HTTP. */
export const httpGatewayAdmin: GatewayAdmin = {
  probe: async (address) => {
    try {
      const response = await fetch(url(address), { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return response.ok ? probeOf(await response.json()) : undefined;
    } catch {
      return undefined;
    }
  },
  drain: (address, { token, timeoutSeconds }) =>
    order(address, 'POST', token, { reason: 'operator', timeoutSeconds }),
  restore: (address, token) => order(address, 'DELETE', token),
};

function url(address: string): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `http://${host}:${ADMIN_PORT}/drain`;
}

async function order(address: string, method: string, token: string, body?: object): Promise<void> {
  const response = await fetch(url(address), {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${method} ${url(address)} answered ${response.status}`);
}

/** `remaining` is every connection that is open now, also while nothing is being drained. */
function probeOf(answer: unknown): PodProbe | undefined {
  const { state, remaining } = (answer ?? {}) as { state?: unknown; remaining?: unknown };
  if (typeof state !== 'string' || typeof remaining !== 'number') return undefined;
  return { state: state === 'serving' || state === 'drained' ? state : 'draining', connections: remaining };
}

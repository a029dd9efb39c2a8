import { createHmac } from 'node:crypto';
import type { Notice } from './notice.ts';

/** Where to, and how to sign. */
export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
  readonly timeoutMs: number;
}

/** What an endpoint made of a request. */
export type Answer =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** Whether the same request may succeed later. */
      readonly retry: boolean;
      readonly message: string;
      /** What the endpoint asked to wait, ms. */
      readonly afterMs?: number;
    };

interface Deps {
  readonly fetch: typeof fetch;
  /** Ms since 1970. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Statuses besides 5xx that say "not now". */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
/** An endpoint that asks for more gets the usual wait: nobody else waits for it for minutes. */
const MAX_AFTER_SECONDS = 60;

/** Sends one notice. Rejects only when `signal` ends it; every other failure is an answer. */
export async function callWebhook(
  target: WebhookTarget,
  { notice, users }: { readonly notice: Notice; readonly users: readonly string[] },
  { fetch, now, signal }: Deps,
): Promise<Answer> {
  const body = bodyOf(notice, users);
  const timestamp = String(Math.floor(now / 1000));
  try {
    const response = await fetch(target.url, {
      method: 'POST',
      // A redirect would carry what is signed for one address to another.
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'ChatPlatform',
        'chatplatform-id': notice.id,
        'chatplatform-timestamp': timestamp,
        'chatplatform-signature': `v1=${signatureOf(target.secret, timestamp, body)}`,
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(target.timeoutMs)]),
    });
    await response.body?.cancel();
    return response.ok ? { ok: true } : refusal(response);
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, retry: true, message: reasonOf(error, target.timeoutMs) };
  }
}

/** HMAC-SHA256 in hex over `<timestamp>.<body>`. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

function bodyOf({ id, room, from, at, data }: Notice, users: readonly string[]): string {
  return JSON.stringify({ type: 'message.missed', id, room, from, at, users, data });
}

function refusal(response: Response): Answer {
  const { status } = response;
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  const asked = after > 0 && after <= MAX_AFTER_SECONDS;
  return {
    ok: false,
    retry: status >= 500 || PASSING.has(status),
    message: `the endpoint answered ${status}`,
    ...(asked && { afterMs: after * 1000 }),
  };
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

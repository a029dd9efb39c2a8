import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came, and whether it is genuine by the words of docs/notifications.md. */
export interface Notice {
  readonly genuine: boolean;
  readonly id: string;
  readonly at: number;
  readonly body: { type: string; room: string; from: string; users: string[]; data: unknown };
}

/** Somebody's endpoint, on this machine. */
export interface WebhookEndpoint {
  readonly port: number;
  readonly notices: readonly Notice[];
  /** Statuses of the next answers; 204 when there are none. */
  readonly answers: number[];
  close(): Promise<void>;
}

const MAX_AGE_SECONDS = 300;

/** Listens on every address: the requests come from pods. */
export async function startWebhookEndpoint(secret: string): Promise<WebhookEndpoint> {
  const notices: Notice[] = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      notices.push({
        genuine: isGenuine(request.headers, text, secret),
        id: String(request.headers['chatplatform-id']),
        at: performance.now(),
        body: JSON.parse(text) as Notice['body'],
      });
      response.writeHead(answers.shift() ?? 204).end();
    });
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    notices,
    answers,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isGenuine(headers: IncomingHttpHeaders, body: string, secret: string): boolean {
  const timestamp = String(headers['chatplatform-timestamp']);
  const [version, given = ''] = String(headers['chatplatform-signature']).split('=');
  const expected = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest();
  const presented = Buffer.from(given, 'hex');
  return (
    version === 'v1' &&
    Math.abs(Date.now() / 1000 - Number(timestamp)) < MAX_AGE_SECONDS &&
    presented.length === expected.length &&
    timingSafeEqual(presented, expected)
  );
}

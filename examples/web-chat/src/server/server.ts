import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Guest, Guests } from './guests.ts';
import type { GuestThrottle } from './guest-throttle.ts';
import type { SocketProxy } from './socket-proxy.ts';
import type { StaticFile } from './static-files.ts';

/** What the server serves. */
export interface WebChatOptions {
  readonly host: string;
  readonly port: number;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly guests: Guests;
  readonly throttle: GuestThrottle;
  readonly sockets: SocketProxy;
  /** Where browsers find the gateways; `undefined`: here, at `/ws`. */
  readonly publicUrl: string | undefined;
}

/** A running server. */
export interface WebChat {
  readonly url: string;
  close(): Promise<void>;
}

/** Bytes of a request for a token: a name, or a user and a seat. */
const BODY_MAX = 2_048;
const NAME_MAX = 40;

/** Serves the page, `GET /config`, `POST /token`, `GET /healthz`, and passes `/ws` on to the gateways. */
export async function startWebChat(options: WebChatOptions): Promise<WebChat> {
  const headers = securityHeaders(options.publicUrl);
  const server = createServer((request, response) => {
    response.setHeaders(headers);
    handle(options, request, response).catch(() => {
      if (!response.headersSent) send(response, 500, { error: 'the server failed; try again' });
    });
  });
  server.on('upgrade', (request, socket, head) => {
    if (pathOf(request) === '/ws') options.sockets.pass(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        options.sockets.close();
        server.closeAllConnections();
      }),
  };
}

async function handle(
  options: WebChatOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const route = `${request.method} ${pathOf(request)}`;
  switch (route) {
    case 'GET /healthz':
      send(response, 200, { status: 'ok' });
      return;
    case 'GET /config':
      send(response, 200, { url: options.publicUrl ?? null });
      return;
    case 'POST /token':
      await sendToken(options, request, response);
      return;
    default:
      sendFile(options.files, request, response);
  }
}

async function sendToken(
  { guests, throttle }: Pick<WebChatOptions, 'guests' | 'throttle'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Only scripts of this page can send this type: other sites would first have to be allowed to.
  if (request.headers['content-type'] !== 'application/json') {
    send(response, 415, { error: 'send application/json' });
    return;
  }
  const waitSeconds = throttle.take(request.socket.remoteAddress ?? '', request.headers['x-forwarded-for']);
  if (waitSeconds > 0) {
    response.setHeader('retry-after', waitSeconds);
    send(response, 429, { error: `too many guests come from your address; try again in ${waitSeconds} s` });
    return;
  }
  const guest = await guestOf(guests, await readBody(request));
  if (guest) send(response, 200, guest);
  else
    send(response, 400, {
      error: `send {"name":"1-${NAME_MAX} characters"}, or {"user","seat"} as received`,
    });
}

async function guestOf(
  guests: Guests,
  body: Record<string, unknown> | undefined,
): Promise<Guest | undefined> {
  const { name, user, seat } = body ?? {};
  if (typeof user === 'string' && typeof seat === 'string') return guests.readmit(user, seat);
  const text = typeof name === 'string' ? name.trim() : '';
  return text === '' || text.length > NAME_MAX ? undefined : guests.admit(text);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX) return undefined;
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function sendFile(files: WebChatOptions['files'], request: IncomingMessage, response: ServerResponse): void {
  const file = files.get(pathOf(request));
  if (!file) {
    send(response, 404, { error: 'there is no such page' });
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, { error: 'use GET' });
    return;
  }
  const gzip = (request.headers['accept-encoding'] ?? '').includes('gzip');
  // Checked with every visit: a new version is seen at once, an old one costs no bytes.
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('etag', file.etag);
  response.setHeader('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader('content-type', file.type);
  if (gzip) response.setHeader('content-encoding', 'gzip');
  const body = gzip ? file.gzipped : file.body;
  response.setHeader('content-length', body.length);
  response.writeHead(200).end(request.method === 'HEAD' ? undefined : body);
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function securityHeaders(publicUrl: string | undefined): Headers {
  const sockets = publicUrl === undefined ? '' : ` ${new URL(publicUrl).origin}`;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self'${sockets}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return new Headers({
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

function listen(server: Server, { host, port }: WebChatOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

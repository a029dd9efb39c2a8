import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

/** The answer of a health question. */
export interface Health {
  readonly ok: boolean;
  /** Shown to whoever asks: why not ok, or what is degraded though ok. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** The two questions Kubernetes asks. Never ask a dependency here: its outage must not restart this process. */
export interface HealthChecks {
  /** Alive: event loop and consumer loop move. `ok: false` gets the process restarted. */
  live(): Health;
  /** Ready for new work. `ok: false` takes it out of the Service. */
  ready(): Health;
}

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON; undefined when there is no body. */
  readonly body: unknown;
  readonly remoteAddress: string;
  /** True when the caller is on this machine or in this pod. */
  readonly loopback: boolean;
}

export interface AdminReply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export type AdminHandler = (request: AdminRequest) => AdminReply | Promise<AdminReply>;

export interface AdminServerOptions {
  /** 0 = any free port. */
  readonly port: number;
  readonly host: string;
  readonly metrics: Metrics;
  readonly health: HealthChecks;
  /** Keyed `METHOD /path`, for instance `POST /drain`. */
  readonly routes?: Readonly<Record<string, AdminHandler>>;
  /** Told of handlers that threw; the caller of the route sees 500 without the cause. */
  readonly onError?: (error: unknown, request: AdminRequest) => void;
}

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Admin bodies are a few fields; a larger one is a mistake or an attack. */
const MAX_BODY_BYTES = 16 * 1024;

/** Listens for health, metrics and the given routes on a port that is never the public one. Rejects if it cannot listen. */
export async function createAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const routes: Record<string, AdminHandler> = {
    'GET /healthz': () => healthReply(options.health.live()),
    'GET /readyz': () => healthReply(options.health.ready()),
    ...options.routes,
  };
  const server = createServer((request, response) => void serve(request, response, { options, routes }));
  await listen(server, options.port, options.host);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => closeServer(server),
  };
}

interface Served {
  readonly options: AdminServerOptions;
  readonly routes: Readonly<Record<string, AdminHandler>>;
}

async function serve(incoming: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  const { metrics, onError } = served.options;
  const url = new URL(incoming.url ?? '/', 'http://admin');
  const method = incoming.method ?? 'GET';
  if (method === 'GET' && url.pathname === '/metrics') {
    response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.render());
    return;
  }
  const handler = served.routes[`${method} ${url.pathname}`];
  if (handler === undefined) {
    send(response, unknownRoute(url.pathname, Object.keys(served.routes)));
    return;
  }
  const body = await readBody(incoming);
  if (body.problem !== undefined) {
    send(response, { status: 400, body: { error: body.problem } });
    return;
  }
  const request = describeRequest(incoming, url, body.value);
  try {
    send(response, await handler(request));
  } catch (error) {
    onError?.(error, request);
    send(response, {
      status: 500,
      body: { error: 'the request failed inside; the log of this process says why' },
    });
  }
}

function describeRequest(incoming: IncomingMessage, url: URL, body: unknown): AdminRequest {
  const remoteAddress = incoming.socket.remoteAddress ?? '';
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body,
    remoteAddress,
    loopback: /^(::ffff:)?127\.|^::1$/.test(remoteAddress),
  };
}

function unknownRoute(path: string, known: readonly string[]): AdminReply {
  const methods = known.filter((route) => route.endsWith(` ${path}`)).map((route) => route.split(' ')[0]);
  if (methods.length > 0) return { status: 405, body: { error: `${path} takes ${methods.join(', ')}` } };
  return {
    status: 404,
    body: { error: `no such path; there are: ${['GET /metrics', ...known].join(', ')}` },
  };
}

async function readBody(incoming: IncomingMessage): Promise<{ value?: unknown; problem?: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES)
    return { problem: `the body has ${size} bytes; at most ${MAX_BODY_BYTES} are read` };
  if (size === 0) return {};
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown };
  } catch {
    return { problem: 'the body is not JSON' };
  }
}

function healthReply(health: Health): AdminReply {
  return { status: health.ok ? 200 : 503, body: { ok: health.ok, ...health.detail } };
}

function send(response: ServerResponse, reply: AdminReply): void {
  response.writeHead(reply.status, { 'content-type': 'application/json' });
  response.end(reply.body === undefined ? '' : `${JSON.stringify(reply.body)}\n`);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

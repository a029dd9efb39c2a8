import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { errorOfStatus, KubeError } from './errors.ts';

/** One HTTP call to the API server. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** How long the answer may take; {@link CALL_TIMEOUT_MS} when absent. */
  readonly timeoutMs?: number;
}

/** HTTP towards the API server: address, TLS and credentials from a kubeconfig or the pod. */
export interface Transport {
  /** @throws {KubeError} for every answer but 2xx and when there is none. */
  call(request: KubeRequest): Promise<unknown>;
  /** The open body of a long answer (a watch). @throws {KubeError} as `call`. */
  stream(request: KubeRequest): Promise<IncomingMessage>;
  close(): void;
}

/** An answer that takes longer is lost: the API server itself gives up after 60 s. */
export const CALL_TIMEOUT_MS = 60_000;

/**
 * Only the configuration and authentication of client-node are used: its typed calls parse every
 * object into classes, and its informer stops for ever on most errors.
 */
export function transportOf(config: KubeConfig): Transport {
  const cluster = config.getCurrentCluster();
  if (!cluster)
    throw new KubeError('network', 'the kubeconfig has no current cluster: set its current-context');
  const base = new URL(cluster.server);
  const secure = base.protocol === 'https:';
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const open = async (request: KubeRequest, timeoutMs: number): Promise<IncomingMessage> => {
    const text = request.body === undefined ? undefined : JSON.stringify(request.body);
    const options: RequestOptions = {
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'chatplatform-operator',
        ...(text === undefined ? {} : bodyHeaders(request, text)),
      },
      ...(request.signal ? { signal: request.signal } : {}),
    };
    // Re-read for every call: tokens in pods rotate.
    await config.applyToHTTPSOptions(options);
    // After it, because it brings an agent of its own for every call.
    options.agent = agent;
    return send(urlOf(base, request), { options, secure, text, timeoutMs });
  };
  return {
    call: async (request) => {
      const response = await open(request, request.timeoutMs ?? CALL_TIMEOUT_MS);
      return readAnswer(response, `${request.method} ${request.path}`);
    },
    stream: async (request) => {
      // No time limit here: the reflector's watchdog knows how long silence may last.
      const response = await open(request, 0);
      if (!ok(response)) await readAnswer(response, `${request.method} ${request.path}`);
      return response;
    },
    close: () => agent.destroy(),
  };
}

/** The kubeconfig of the environment: the pod's service account, `KUBECONFIG`, or the default file. */
export function defaultTransport(kubeconfig?: string): Transport {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  return transportOf(config);
}

/** A transport to a plain HTTP address (a fake server in tests, `kubectl proxy`). */
export function plainTransport(server: string): Transport {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'plain', server, skipTLSVerify: true }, { name: 'nobody' });
  return transportOf(config);
}

/** The length is written out because Node sends the body of a DELETE without any framing of its own. */
function bodyHeaders(request: KubeRequest, text: string): Record<string, string | number> {
  return {
    'content-type': request.contentType ?? 'application/json',
    'content-length': Buffer.byteLength(text),
  };
}

function urlOf(base: URL, request: KubeRequest): URL {
  const url = new URL(base.pathname.replace(/\/$/, '') + request.path, base);
  for (const [key, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, String(value));
  }
  return url;
}

interface Sending {
  readonly options: RequestOptions;
  readonly secure: boolean;
  readonly text: string | undefined;
  readonly timeoutMs: number;
}

function send(url: URL, { options, secure, text, timeoutMs }: Sending): Promise<IncomingMessage> {
  const what = `${options.method} ${url.pathname}`;
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? httpsRequest : httpRequest)(url, options, resolve);
    outgoing.on('error', (cause) => reject(new KubeError('network', `${what}: ${cause.message}`, { cause })));
    if (timeoutMs > 0) {
      outgoing.setTimeout(timeoutMs, () =>
        outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
      );
    }
    outgoing.end(text);
  });
}

const ok = (response: IncomingMessage): boolean =>
  (response.statusCode ?? 0) >= 200 && (response.statusCode ?? 0) < 300;

async function readAnswer(response: IncomingMessage, what: string): Promise<unknown> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (cause) {
    throw new KubeError('network', `${what}: the answer broke off`, { cause });
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const body = parse(text, what, ok(response));
  if (!ok(response)) {
    throw errorOfStatus(response.statusCode ?? 0, body, what, response.headers['retry-after']);
  }
  return body;
}

function parse(text: string, what: string, required: boolean): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (required) throw new KubeError('server', `${what}: the answer is not JSON`, { cause });
    return undefined;
  }
}

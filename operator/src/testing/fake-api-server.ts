import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../kube/index.ts';

/** What the next watch does instead of working. */
export type WatchFault =
  /** HTTP 410, as for a version that was compacted away. */
  | { readonly kind: 'gone' }
  /** An ERROR event with code 410 inside the stream. */
  | { readonly kind: 'gone-event' }
  | { readonly kind: 'server-error' }
  /** The connection is cut in mid-event. */
  | { readonly kind: 'reset' }
  /** The stream ends politely at once. */
  | { readonly kind: 'hang-up' }
  /** Accepted, and then not a byte. */
  | { readonly kind: 'silence' };

/**
 * One collection of ConfigMaps behind the HTTP of an API server: paged lists, watches from a version
 * with bookmarks, and a plan of faults. For tests of the reflector.
 */
export class FakeApiServer {
  readonly faults: WatchFault[] = [];
  readonly listFaults: number[] = [];
  /** Requests as `list` or `watch@<version>`. */
  readonly seen: string[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: { version: number; type: string; object: KubeObject }[] = [];
  readonly #watchers = new Set<ServerResponse>();
  readonly #server: Server;
  #version = 1;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeApiServer> {
    const server = createServer((request, response) => fake.#serve(request, response));
    const fake = new FakeApiServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  put(name: string, data: Record<string, string>): void {
    this.#version += 1;
    const known = this.#objects.get(name);
    const metadata = {
      name,
      namespace: 'ns',
      uid: known?.metadata.uid ?? `uid-${name}`,
      resourceVersion: String(this.#version),
    };
    const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    this.#objects.set(name, object);
    this.#emit(known ? 'MODIFIED' : 'ADDED', object);
  }

  remove(name: string): void {
    const object = this.#objects.get(name);
    if (!object) return;
    this.#version += 1;
    this.#objects.delete(name);
    this.#emit('DELETED', {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) },
    });
  }

  /** Cuts every open watch. */
  cut(): void {
    for (const watcher of this.#watchers) watcher.destroy();
    this.#watchers.clear();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #emit(type: string, object: KubeObject): void {
    this.#history.push({ version: this.#version, type, object });
    for (const watcher of this.#watchers) watcher.write(`${JSON.stringify({ type, object })}\n`);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://fake');
    if (url.searchParams.get('watch') === 'true')
      this.#watch(Number(url.searchParams.get('resourceVersion')), response);
    else this.#list(url, response);
  }

  #list(url: URL, response: ServerResponse): void {
    this.seen.push('list');
    const fault = this.listFaults.shift();
    if (fault !== undefined) return fail(response, fault);
    const all = [...this.#objects.values()];
    const from = Number(url.searchParams.get('continue') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? all.length);
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    const body = {
      metadata: { resourceVersion: String(this.#version), ...more },
      items: all.slice(from, from + limit),
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #watch(from: number, response: ServerResponse): void {
    this.seen.push(`watch@${from}`);
    const fault = this.faults.shift();
    if (fault?.kind === 'gone') return fail(response, 410);
    if (fault?.kind === 'server-error') return fail(response, 500);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (fault) return this.#misbehave(fault, response);
    for (const { version, type, object } of this.#history) {
      if (version > from) response.write(`${JSON.stringify({ type, object })}\n`);
    }
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
  }

  #misbehave(fault: WatchFault, response: ServerResponse): void {
    if (fault.kind === 'hang-up') response.end();
    if (fault.kind === 'gone-event') {
      response.end(
        `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } })}\n`,
      );
    }
    if (fault.kind === 'reset') {
      response.write('{"type":"ADDED","object":{"meta', () => response.destroy());
    }
  }
}

function fail(response: ServerResponse, code: number): void {
  const body = { kind: 'Status', code, message: `fault ${code}` };
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

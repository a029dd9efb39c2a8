import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import uWS from 'uWebSockets.js';
import type { TemplatedApp } from 'uWebSockets.js';
import { GatewayError } from '../errors.ts';
import { Repeating } from '../repeating.ts';
import { Listener, type Server, type ServerOptions, type Shared, type TlsFiles } from './listener.ts';

/** How often the files are looked at: a certificate is renewed weeks before it ends. */
const LOOK_MS = 10_000;

/**
 * A server that does TLS itself. A certificate belongs to an app of the library for life, so a renewed one opens a
 * second listener on the same port, and then the first one takes no new connections: the ones it has live on with
 * what they had agreed on. Frames are published through every listener that has sockets.
 */
export class TlsServer implements Server {
  readonly #options: ServerOptions;
  readonly #files: TlsFiles;
  readonly #shared: Shared;
  readonly #looks: Repeating;
  /** The newest one first. */
  #listeners: Listener[] = [];
  #port = 0;
  #seen = '';

  private constructor(options: ServerOptions, files: TlsFiles, shared: Shared) {
    this.#options = options;
    this.#files = files;
    this.#shared = shared;
    this.#looks = new Repeating(options.clock);
  }

  /** Fails with `GatewayError` `config` when certificate and key cannot be used, `listen` when the port is taken. */
  static async listen(options: ServerOptions, files: TlsFiles, shared: Shared): Promise<TlsServer> {
    const server = new TlsServer(options, files, shared);
    server.#port = options.port;
    server.#seen = await server.#print();
    await server.#open();
    server.#looks.every(LOOK_MS, () => server.#look());
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get handed(): number {
    return this.#shared.outflow.bytes;
  }

  publish(topic: string, frame: string): void {
    for (const listener of this.#listeners) listener.publish(topic, frame);
  }

  subscribers(topic: string): number {
    return this.#listeners.reduce((sum, listener) => sum + listener.subscribers(topic), 0);
  }

  stopListening(): void {
    this.#looks.stop();
    for (const listener of this.#listeners) listener.stopListening();
  }

  close(): void {
    this.#looks.stop();
    for (const listener of this.#listeners) listener.close();
  }

  /** The files may be half written, or the key not yet there: then the next look finds them whole. */
  async #look(): Promise<void> {
    const { onCertificate } = this.#options;
    this.#forgetEmpty();
    try {
      const print = await this.#print();
      if (print === this.#seen) return;
      await this.#open();
      this.#seen = print;
      onCertificate();
    } catch (error) {
      onCertificate(error);
    }
  }

  async #open(): Promise<void> {
    const { host } = this.#options;
    const [current] = this.#listeners;
    const next = new Listener(appOf(this.#files), this.#options, this.#shared);
    // Shared, since the next certificate needs the port while this one still has it.
    await next.listen({ host, port: this.#port, reusePort: true });
    this.#port = next.port;
    this.#listeners.unshift(next);
    // Right after the loop looked for new connections: nobody waits at the old door then.
    if (current !== undefined) setImmediate(() => current.stopListening());
  }

  #forgetEmpty(): void {
    const [newest, ...older] = this.#listeners;
    const empty = older.filter((listener) => listener.sockets === 0);
    // By now, a look later, requests it had are answered.
    for (const listener of empty) listener.close();
    this.#listeners = [newest, ...older].filter(
      (listener): listener is Listener => listener !== undefined && !empty.includes(listener),
    );
  }

  async #print(): Promise<string> {
    const { certFile, keyFile } = this.#files;
    const hash = createHash('sha256');
    for (const [field, path] of [
      ['certFile', certFile],
      ['keyFile', keyFile],
    ] as const) {
      hash.update(await readFile(path).catch((cause: unknown) => unusable(`${field} ${path}`, cause)));
    }
    return hash.digest('hex');
  }
}

function appOf({ certFile, keyFile }: TlsFiles): TemplatedApp {
  try {
    return uWS.SSLApp({
      cert_file_name: certFile,
      key_file_name: keyFile,
      // Buffers of idle connections are given back; chat connections are idle most of the time.
      ssl_prefer_low_memory_usage: true,
    });
  } catch (cause) {
    return unusable(`certFile ${certFile} with keyFile ${keyFile}`, cause);
  }
}

function unusable(what: string, cause: unknown): never {
  const msg = `listen.tls.${what} cannot be used; write a certificate chain and its own key there, both in PEM`;
  throw new GatewayError('config', msg, { cause });
}

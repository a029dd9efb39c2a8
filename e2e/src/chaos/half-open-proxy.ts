import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Passes connections on, until it goes silent on all that are open: neither side hears anything, not even an end. */
export class HalfOpenProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #silent = new Set<readonly [Socket, Socket]>();

  private constructor(server: Server, target: URL) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.url = `ws://127.0.0.1:${port}${target.pathname}`;
    server.on('connection', (near) => this.#pass(near, connect(Number(target.port), target.hostname)));
  }

  static async start(url: string): Promise<HalfOpenProxy> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new HalfOpenProxy(server, new URL(url));
  }

  /** Cuts off what is open now; later connections work. What fell silent before is ended. @returns how many */
  silence(): number {
    this.#endSilent();
    const count = this.#pairs.size;
    for (const pair of this.#pairs) {
      this.#pairs.delete(pair);
      this.#silent.add(pair);
      for (const socket of pair) {
        socket.unpipe();
        socket.pause();
        socket.removeAllListeners('end');
      }
    }
    return count;
  }

  close(): void {
    this.#server.close();
    this.#endSilent();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #endSilent(): void {
    for (const pair of this.#silent) for (const socket of pair) socket.destroy();
    this.#silent.clear();
  }

  #pass(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay();
      socket.on('error', () => undefined);
      socket.on('close', () => this.#pairs.delete(pair));
    }
    near.pipe(far);
    far.pipe(near);
  }
}

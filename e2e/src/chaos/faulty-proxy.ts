import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A connection through the proxy: the client's end and the platform's. */
type Pair = readonly [near: Socket, far: Socket];

/** Passes connections on, until it is told to be a bad network. */
export class FaultyProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Those that fell silent. */
  readonly #silent = new Set<Pair>();

  private constructor(server: Server, target: URL) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.url = `ws://127.0.0.1:${port}${target.pathname}`;
    server.on('connection', (near) => this.#pass(near, connect(Number(target.port), target.hostname)));
  }

  static async start(url: string): Promise<FaultyProxy> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new FaultyProxy(server, new URL(url));
  }

  /**
   * Cuts off what is open now, and tells neither side; later connections work. What fell silent before is ended.
   *
   * @returns how many
   */
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

  /** Reads no more of what the platform says on the connections that are open now. @returns what reads on */
  stall(): () => void {
    const stalled = [...this.#pairs];
    for (const [near, far] of stalled) {
      far.unpipe(near);
      far.pause();
    }
    return () => {
      for (const [near, far] of stalled) far.pipe(near);
    };
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
    const pair: Pair = [near, far];
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay();
      socket.on('error', () => undefined);
      socket.on('close', () => {
        // A reset is passed on too; what is silent says nothing.
        if (this.#pairs.delete(pair)) for (const end of pair) end.destroySoon();
      });
    }
    near.pipe(far);
    far.pipe(near);
  }
}

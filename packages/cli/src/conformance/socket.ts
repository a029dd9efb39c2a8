import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { DialOptions, Line, RefusedUpgrade, Wire } from '@chatplatform/protocol/conformance';

/** Opens a socket that does nothing by itself but answer pings. Rejects when the address cannot be reached. */
export async function dial(url: string, options: DialOptions): Promise<Wire | RefusedUpgrade> {
  const { protocols = ['cp1.json'], headers = {}, pongs = true } = options;
  const socket = new WebSocket(url, [...protocols], { headers: { ...headers }, perMessageDeflate: false });
  const wire = new SocketWire(socket, pongs);
  const refused = once(socket, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
  const opened = once(socket, 'open');
  const first = await Promise.race([opened.then(() => undefined), refused.then(([, response]) => response)]);
  // Whichever does not happen rejects or waits for ever; both are meant.
  opened.catch(() => undefined);
  refused.catch(() => undefined);
  return first === undefined ? wire : refusalOf(first);
}

function refusalOf(response: IncomingMessage): RefusedUpgrade {
  const after = Number(response.headers['retry-after']);
  response.resume();
  return {
    status: response.statusCode ?? 0,
    retryAfter: Number.isFinite(after) ? after : undefined,
  };
}

class SocketWire implements Wire {
  readonly lines: Line[] = [];
  pings = 0;
  closeCode: number | undefined;
  readonly #socket: WebSocket;
  readonly #pongs: boolean;
  readonly #watchers = new Set<() => void>();

  constructor(socket: WebSocket, pongs: boolean) {
    this.#socket = socket;
    this.#pongs = pongs;
    socket.on('message', (data: Buffer) => this.#frame(data.toString()));
    socket.on('close', (code) => {
      this.closeCode = code;
      this.#changed();
    });
    // Every error of a socket ends in `close`; that of an unreachable address rejects the dial.
    socket.on('error', () => undefined);
  }

  send(frame: string | Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame);
  }

  async when(condition: () => boolean, ms: number): Promise<boolean> {
    if (condition()) return true;
    return new Promise((resolve) => {
      const end = (held: boolean): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(held);
      };
      const look = (): void => {
        if (condition()) end(true);
      };
      const timer = setTimeout(() => end(condition()), ms);
      this.#watchers.add(look);
    });
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  cut(): void {
    this.#socket.terminate();
  }

  stall(stalled: boolean): void {
    if (stalled) this.#socket.pause();
    else this.#socket.resume();
  }

  #frame(text: string): void {
    for (const line of text.split('\n')) this.#line(JSON.parse(line) as Line);
    this.#changed();
  }

  #line(line: Line): void {
    if (Object.keys(line).length > 0) {
      this.lines.push(line);
      return;
    }
    this.pings += 1;
    if (this.#pongs) this.send('{}');
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}

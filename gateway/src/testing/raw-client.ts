import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A line from the gateway, as parsed JSON. */
export type Line = Record<string, unknown> & {
  i?: number;
  err?: { code: number; msg: string; retry: boolean };
};

/** A message as pushed or replied. */
export interface RawMessage {
  r: string;
  id: string;
  p: string;
  u: string;
  cid: string;
  t: number;
  d: unknown;
}

/** A client without any cleverness: what the wire says is what a test sees. */
export class RawClient {
  readonly socket: WebSocket;
  readonly lines: Line[] = [];
  closeCode: number | undefined;
  #nextI = 1;
  #watchers = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      for (const text of data.toString().split('\n')) this.#line(JSON.parse(text) as Line);
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.#changed();
    });
    socket.on('error', () => undefined);
  }

  static async connect(
    url: string,
    options: { protocols?: string[]; headers?: Record<string, string> } = {},
  ): Promise<RawClient> {
    const { protocols = ['cp1.json'], headers = {} } = options;
    const client = new RawClient(new WebSocket(url, protocols, { headers, skipUTF8Validation: true }));
    await once(client.socket, 'open');
    return client;
  }

  get pushes(): Line[] {
    return this.lines.filter((line) => line.i === undefined);
  }

  /** Messages pushed in a room, in the order they came. */
  messages(room: string): RawMessage[] {
    return this.lines
      .map((line) => line['m'] as RawMessage | undefined)
      .filter((m): m is RawMessage => m?.r === room);
  }

  raw(frame: string | Uint8Array): void {
    this.socket.send(frame);
  }

  /** Sends a request and resolves with its reply line. */
  async request(op: string, body: unknown): Promise<Line> {
    const i = this.#nextI;
    this.#nextI += 1;
    this.raw(JSON.stringify({ i, [op]: body }));
    return this.until((line) => line.i === i);
  }

  /** Resolves with the first line, seen already or to come, that matches. */
  async until(matches: (line: Line) => boolean, timeoutMs = 10_000): Promise<Line> {
    let found = this.lines.find(matches);
    await this.when(() => {
      found ??= this.lines.find(matches);
      return found !== undefined;
    }, timeoutMs);
    return found as Line;
  }

  /** Resolves when `condition` holds; looked at after every line and the close. */
  async when(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        const seen = JSON.stringify(this.lines.slice(-5));
        reject(new Error(`waited ${timeoutMs} ms in vain; closed: ${this.closeCode}; last lines: ${seen}`));
      }, timeoutMs);
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  async closed(): Promise<number> {
    await this.when(() => this.closeCode !== undefined);
    return this.closeCode as number;
  }

  async close(code = 1000): Promise<void> {
    this.socket.close(code);
    await this.closed();
  }

  #line(line: Line): void {
    if (Object.keys(line).length === 0) {
      this.raw('{}');
      return;
    }
    this.lines.push(line);
    this.#changed();
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}

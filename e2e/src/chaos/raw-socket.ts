import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const OPCODE = { text: 0x1, binary: 0x2, close: 0x8 };
const FINAL = 0x80;
const MASKED = 0x80;
/** Lengths up to here fit into the second byte of a frame; up to the next into two more. */
const SHORT = 125;
const MEDIUM = 65_535;
const CONNECT_MS = 10_000;

/** A connection that keeps to no protocol unless told to: raw bytes, WebSocket frames, or nothing at all. */
export class RawSocket {
  /** True once the other side ended it. */
  closed = false;
  /** Bytes that came, headers included. */
  received = 0;
  /** What came first: the answer to the upgrade. */
  head = '';
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.length;
      if (this.head.length < 256) this.head += bytes.toString('latin1').slice(0, 256);
    });
    socket.on('close', () => {
      this.closed = true;
    });
    // Every error is followed by a close.
    socket.on('error', () => undefined);
  }

  /** Connects and says nothing yet. */
  static async dial(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawSocket(socket);
  }

  /** Connects and upgrades. @throws when the answer is another than 101 */
  static async open(url: string): Promise<RawSocket> {
    const raw = await RawSocket.dial(url);
    raw.bytes(Buffer.from(upgradeRequest(url)));
    await raw.when(() => raw.head.includes('\r\n\r\n'), CONNECT_MS);
    if (!raw.head.startsWith('HTTP/1.1 101')) throw new Error(`the upgrade was answered with "${raw.head}"`);
    return raw;
  }

  bytes(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** One whole message: a string as text, bytes as binary. */
  frame(message: string | Uint8Array): void {
    const payload = Buffer.from(message as string);
    this.bytes(frameOf(FINAL | (typeof message === 'string' ? OPCODE.text : OPCODE.binary), payload));
  }

  /** Ends it without a goodbye. */
  cut(): void {
    this.#socket.destroy();
  }

  /** True as soon as the condition holds, false when it does not within `ms` or the socket was closed before. */
  async when(condition: () => boolean, ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    while (!condition()) {
      if (performance.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return true;
  }
}

/** The request that makes a connection a WebSocket. */
export function upgradeRequest(url: string): string {
  const { host, pathname } = new URL(url);
  return [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: cp1.json',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n');
}

/** A frame as clients send it, masked with zeros; `announced` is the length it claims. */
export function frameOf(first: number, payload: Uint8Array, announced = payload.length): Buffer {
  const header =
    announced <= SHORT
      ? Buffer.from([first, MASKED | announced])
      : announced <= MEDIUM
        ? Buffer.from([first, MASKED | 126, announced >> 8, announced & 0xff])
        : longHeader(first, announced);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}

function longHeader(first: number, announced: number): Buffer {
  const header = Buffer.alloc(10);
  header[0] = first;
  header[1] = MASKED | 127;
  header.writeBigUInt64BE(BigInt(announced), 2);
  return header;
}

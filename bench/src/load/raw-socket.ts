import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Where a server listens, and how it wants to be asked. */
export interface Address {
  readonly port: number;
  readonly path: string;
  readonly protocol?: string;
  /** What it offers, such as compression; frames are counted as they are. */
  readonly extensions?: string;
}

/** What happens on a {@link RawSocket}. */
export interface RawSocketEvents {
  onOpen(): void;
  /** The bytes are valid during the call only. */
  onFrame(payload: Buffer): void;
  /** `code` is undefined when the stream ended without a close frame. */
  onClose(code: number | undefined): void;
}

/** One for all sockets: a read and its handling are one synchronous step. */
const READ_BUFFER = Buffer.allocUnsafe(256 * 1024);
const END_OF_HEAD = '\r\n\r\n';
const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;
/** Header, 16 bit length, mask. */
const MAX_HEADER = 14;

/**
 * A WebSocket client that does nothing but frames: what a load generator spends is taken from the server beside it.
 * Mask keys are zero, which the standard allows to whoever needs no protection from proxies.
 */
export class RawSocket {
  readonly #socket: Socket;
  readonly #events: RawSocketEvents;
  #open = false;
  #closed = false;
  #closeCode: number | undefined;
  #rest: Buffer | undefined;
  #waiting: Buffer[] = [];

  constructor(address: Address, events: RawSocketEvents) {
    this.#events = events;
    this.#socket = connect({
      port: address.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (bytes) => {
          this.#read(READ_BUFFER.subarray(0, bytes));
          return true;
        },
      },
    });
    this.#socket.on('connect', () => this.#socket.write(upgradeRequest(address)));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#ended());
  }

  /** Frames sent in one turn of the event loop share one write. */
  send(text: string): void {
    if (this.#closed) return;
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push(frameOf(OPCODE.text, Buffer.from(text)));
  }

  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#socket.end(frameOf(OPCODE.close, Buffer.from([0x03, 0xe8])));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    const frames = this.#waiting;
    this.#waiting = [];
    if (frames.length > 0 && !this.#closed) this.#socket.write(Buffer.concat(frames));
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.onClose(this.#closeCode);
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    if (!this.#open) {
      const end = bytes.indexOf(END_OF_HEAD);
      if (end >= 0) {
        this.#answered(bytes.subarray(0, end));
        bytes = bytes.subarray(end + END_OF_HEAD.length);
      }
    }
    const used = this.#open ? this.#frames(bytes) : 0;
    // The read buffer is used again by the next socket.
    if (used < bytes.length) this.#rest = Buffer.from(bytes.subarray(used));
  }

  #answered(head: Buffer): void {
    if (!head.includes(' 101 ')) {
      this.#socket.destroy();
      return;
    }
    this.#open = true;
    this.#events.onOpen();
  }

  /** @returns how many bytes were whole frames */
  #frames(bytes: Buffer): number {
    let at = 0;
    for (;;) {
      const header = headerAt(bytes, at);
      if (header === undefined || header.end > bytes.length) return at;
      this.#frame(header.opcode, bytes.subarray(header.payload, header.end));
      at = header.end;
    }
  }

  #frame(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.#socket.write(frameOf(OPCODE.pong, payload));
    else if (opcode === OPCODE.close) {
      this.#closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : undefined;
      this.#socket.end();
    } else if (opcode !== OPCODE.pong) this.#events.onFrame(payload);
  }
}

interface Header {
  readonly opcode: number;
  readonly payload: number;
  readonly end: number;
}

function headerAt(bytes: Buffer, at: number): Header | undefined {
  if (bytes.length < at + 2) return undefined;
  const opcode = (bytes[at] as number) & 0x0f;
  const short = (bytes[at + 1] as number) & 0x7f;
  const payload = at + (short === 127 ? 10 : short === 126 ? 4 : 2);
  if (bytes.length < payload) return undefined;
  const length =
    short === 127
      ? Number(bytes.readBigUInt64BE(at + 2))
      : short === 126
        ? bytes.readUInt16BE(at + 2)
        : short;
  return { opcode, payload, end: payload + length };
}

function frameOf(opcode: number, payload: Buffer): Buffer {
  const frame = Buffer.alloc(MAX_HEADER + payload.length);
  frame[0] = 0x80 | opcode;
  let at = 2;
  if (payload.length < 126) frame[1] = 0x80 | payload.length;
  else if (payload.length < 65_536) {
    frame[1] = 0x80 | 126;
    at = frame.writeUInt16BE(payload.length, 2);
  } else {
    frame[1] = 0x80 | 127;
    at = frame.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  payload.copy(frame, at + 4);
  return frame.subarray(0, at + 4 + payload.length);
}

function upgradeRequest({ path, protocol, extensions, port }: Address): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    '\r\n',
  ].join('\r\n');
}

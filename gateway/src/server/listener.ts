import type { Clock } from '@chatplatform/runtime';
import uWS from 'uWebSockets.js';
import type { TemplatedApp, us_listen_socket, WebSocketBehavior } from 'uWebSockets.js';
import { GatewayError } from '../errors.ts';
import { Connection, type ConnectionData } from './connection.ts';
import type { HttpService } from './http.ts';
import { serveHttp, type AddressOf } from './http-exchange.ts';
import type { Outflow } from './outflow.ts';
import { FIRST_FRAME_BYTES, IDLE_TIMEOUT_SECONDS, MAX_BACKPRESSURE_BYTES } from './settings.ts';
import type { Broadcaster, SocketEvents } from './socket.ts';
import { upgrade, type Admission } from './upgrade.ts';

/** Certificate (with its chain) and private key, as files in PEM. */
export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

/** Where and how to listen. */
export interface ServerOptions {
  host: string;
  /** 0 = any free port; the server tells which. */
  port: number;
  /** True lets several processes share one port (the kernel spreads connections); false makes a second bind fail. */
  reusePort: boolean;
  /** Longest accepted frame in bytes after the first one. */
  maxFrameBytes: number;
  admit: Admission;
  addressOf: AddressOf;
  /** Serves what is no WebSocket. */
  http: HttpService;
  events: SocketEvents;
  /** Absent: plain text, TLS being done by something in front. */
  tls?: TlsFiles | undefined;
  /** Times the looks at the files of `tls`. */
  clock: Clock;
  /** A new certificate is in use, or why it is not; the one before stays in use then. */
  onCertificate: (error?: unknown) => void;
  /** Closes a socket that asked for other protocol versions only. */
  unsupportedVersion: (connection: Connection) => void;
}

/** A listening WebSocket server. */
export interface Server extends Broadcaster {
  readonly port: number;
  /** Bytes handed to sockets so far, see {@link Outflow}. */
  readonly handed: number;
  /** No new connections; existing ones live on. */
  stopListening(): void;
  /** Cuts everything at once. */
  close(): void;
}

/** What all listeners of a process share. */
export interface Shared {
  /** Numbers connections. */
  readonly nextId: () => number;
  readonly outflow: Outflow;
}

/** One app of the library, on its port: the sockets that came in through it, and the topics they are subscribed to. */
export class Listener implements Server {
  readonly #app: TemplatedApp;
  readonly #counted = { sockets: 0 };
  readonly #outflow: Outflow;
  #listening: us_listen_socket | undefined;
  #port = 0;

  constructor(app: TemplatedApp, options: ServerOptions, shared: Shared) {
    this.#app = app;
    this.#outflow = shared.outflow;
    app.ws<ConnectionData>('/ws', behaviour(options, { ...shared, counted: this.#counted }));
    serveHttp(app, options.http, options.addressOf);
  }

  /** Fails with `GatewayError` `listen` when the port is taken. */
  async listen({ host, port, reusePort }: Pick<ServerOptions, 'host' | 'port' | 'reusePort'>): Promise<void> {
    const socket = await bind(this.#app, { host, port, reusePort });
    this.#listening = socket;
    this.#port = uWS.us_socket_local_port(socket);
  }

  get port(): number {
    return this.#port;
  }

  /** Open WebSockets. */
  get sockets(): number {
    return this.#counted.sockets;
  }

  get handed(): number {
    return this.#outflow.bytes;
  }

  publish(topic: string, frame: string): void {
    this.#outflow.add(frame);
    this.#app.publish(topic, frame, false, false);
  }

  subscribers(topic: string): number {
    return this.#app.numSubscribers(topic);
  }

  stopListening(): void {
    if (this.#listening !== undefined) uWS.us_listen_socket_close(this.#listening);
    this.#listening = undefined;
  }

  close(): void {
    this.#listening = undefined;
    this.#app.close();
  }
}

function behaviour(
  options: ServerOptions,
  { nextId, outflow, counted }: Shared & { counted: { sockets: number } },
): WebSocketBehavior<ConnectionData> {
  const { events } = options;
  return {
    compression: uWS.DISABLED,
    maxPayloadLength: Math.max(options.maxFrameBytes, FIRST_FRAME_BYTES),
    idleTimeout: IDLE_TIMEOUT_SECONDS,
    sendPingsAutomatically: false,
    maxBackpressure: MAX_BACKPRESSURE_BYTES,
    // Without this the library drops frames of a slow reader silently, and publish() does not tell.
    closeOnBackpressureLimit: true,
    upgrade: (res, req, context) => upgrade(res, req, context, { ...options, id: nextId() }),
    open: (ws) => {
      const connection = new Connection(ws, outflow);
      ws.getUserData().connection = connection;
      counted.sockets += 1;
      events.opened(connection);
      if (!ws.getUserData().supported) options.unsupportedVersion(connection);
    },
    message: (ws, message, isBinary) => {
      const { connection } = ws.getUserData();
      // The buffer is gone after this callback: decoded here.
      if (connection) events.received(connection, isBinary ? undefined : Buffer.from(message).toString());
    },
    drain: (ws) => {
      const { connection } = ws.getUserData();
      if (connection) events.drained(connection);
    },
    dropped: (ws) => {
      ws.getUserData().connection?.markOverflowed();
    },
    close: (ws, code) => {
      const { connection } = ws.getUserData();
      if (!connection) return;
      connection.markClosed();
      counted.sockets -= 1;
      events.closed(connection, code);
    },
  };
}

// Missing from the library's types: the constant, and listen(host, port, options, callback).
type ListenFull = (
  h: string,
  p: number,
  o: number,
  cb: (socket: us_listen_socket | false) => void,
) => unknown;
const EXCLUSIVE = (uWS as unknown as { LIBUS_LISTEN_EXCLUSIVE_PORT: number }).LIBUS_LISTEN_EXCLUSIVE_PORT;

function bind(
  app: TemplatedApp,
  { host, port, reusePort }: Pick<ServerOptions, 'host' | 'port' | 'reusePort'>,
): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    const listenFull = app.listen.bind(app) as unknown as ListenFull;
    listenFull(host, port, reusePort ? 0 : EXCLUSIVE, (socket) => {
      if (socket !== false) resolve(socket);
      else
        reject(
          new GatewayError(
            'listen',
            `cannot listen on ${host}:${port}: the port is taken or not allowed; set listen.port to a free one`,
          ),
        );
    });
  });
}

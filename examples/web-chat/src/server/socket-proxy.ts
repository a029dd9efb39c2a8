import type { IncomingMessage } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';

/** Milliseconds to reach a gateway; a browser's own patience is far longer. */
const CONNECT_MS = 5_000;
/** Headers the gateway gets from here, not from the browser. */
const REPLACED: ReadonlySet<string> = new Set(['host', 'x-forwarded-for']);
/** Milliseconds between probes of a silent connection, so that ends that vanished are noticed. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Passes WebSocket connections on to the gateways, byte by byte, so that one address serves page and
 * socket. Nothing is read or changed but the request line and these two headers: Host and X-Forwarded-For.
 */
export class SocketProxy {
  readonly #gateway: URL;
  readonly #open = new Set<Socket>();

  constructor(gateway: URL) {
    this.#gateway = gateway;
  }

  /** Takes over an upgrade request. */
  pass(request: IncomingMessage, browser: Duplex, head: Buffer): void {
    const upstream = this.#connect(() => {
      upstream.setTimeout(0);
      upstream.write(this.#requestHead(request));
      upstream.write(head);
      upstream.pipe(browser).pipe(upstream);
    });
    this.#open.add(upstream);
    upstream.setTimeout(CONNECT_MS, () => upstream.destroy(new Error('no answer')));
    upstream.on('error', () => {
      if (upstream.bytesRead === 0 && browser.writable) browser.write(UNAVAILABLE);
    });
    upstream.on('close', () => {
      this.#open.delete(upstream);
      browser.end();
    });
    browser.on('error', () => upstream.destroy());
    browser.on('close', () => upstream.destroy());
  }

  /** Ends every connection. */
  close(): void {
    for (const upstream of this.#open) upstream.destroy();
  }

  #connect(onConnect: () => void): Socket {
    const { hostname, port, protocol } = this.#gateway;
    const socket =
      protocol === 'wss:'
        ? connectTls({ host: hostname, servername: hostname, port: Number(port || 443) }, onConnect)
        : connectTcp({ host: hostname, port: Number(port || 80) }, onConnect);
    return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
  }

  #requestHead(request: IncomingMessage): string {
    const lines = [`GET ${this.#gateway.pathname} HTTP/1.1`, `Host: ${this.#gateway.host}`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const name = request.rawHeaders[at] ?? '';
      if (!REPLACED.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[at + 1] ?? ''}`);
    }
    // Whoever is believed begins at the end of this list, so what a browser wrote into it does no harm.
    const before = request.headers['x-forwarded-for'];
    const hops = [
      ...(before === undefined ? [] : [before].flat()),
      request.socket.remoteAddress ?? 'unknown',
    ];
    lines.push(`X-Forwarded-For: ${hops.join(', ')}`);
    return `${lines.join('\r\n')}\r\n\r\n`;
  }
}

const UNAVAILABLE =
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

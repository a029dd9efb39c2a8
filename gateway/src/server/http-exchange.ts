import { STATUS_CODES } from 'node:http';
import type { HttpRequest as RawRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import type { HttpAnswer, HttpHead, HttpService } from './http.ts';

/** Address of the client from that of the peer and what proxies say in `X-Forwarded-For`. */
export type AddressOf = (peer: string, forwardedFor: string) => string;

/** Gives every request that is no WebSocket to `service`. */
export function serveHttp(app: TemplatedApp, service: HttpService, addressOf: AddressOf): void {
  app.any('/*', (res, req) => {
    const exchange = new Exchange(res, req.getMethod() === 'head');
    const head = headOf(res, req, addressOf);
    const announced = Number(head.headers.get('content-length') ?? 0);
    const refusal = service.refuse(head, announced > service.maxBodyBytes());
    if (refusal !== undefined) exchange.answer(refusal, true);
    else void converse(exchange, service, head);
  });
}

async function converse(exchange: Exchange, service: HttpService, head: HttpHead): Promise<void> {
  const body = await exchange.body(service.maxBodyBytes());
  if (body !== undefined) {
    exchange.answer(await service.handle({ ...head, body }), false);
    return;
  }
  const refusal = service.refuse(head, true);
  if (refusal !== undefined) exchange.answer(refusal, true);
}

/** Reads everything at once: uWebSockets invalidates the request when its handler returns. */
function headOf(res: HttpResponse, req: RawRequest, addressOf: AddressOf): HttpHead {
  const headers = new Map<string, string>();
  req.forEach((name, value) => {
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  });
  return {
    method: req.getCaseSensitiveMethod().toUpperCase(),
    path: req.getUrl(),
    query: new URLSearchParams(req.getQuery()),
    headers,
    remoteAddress: addressOf(peerOf(res), headers.get('x-forwarded-for') ?? ''),
  };
}

/** `X-Forwarded-For` of all its lines: a proxy may append one instead of lengthening the client's. */
export function forwardedFor(req: RawRequest): string {
  if (req.getHeader('x-forwarded-for') === '') return '';
  const lines: string[] = [];
  req.forEach((name, value) => {
    if (name === 'x-forwarded-for') lines.push(value);
  });
  return lines.join(', ');
}

/** Address of whoever opened the connection. */
export function peerOf(res: HttpResponse): string {
  return Buffer.from(res.getRemoteAddressAsText()).toString();
}

/**
 * One request and its answer. The library's objects throw on any access after the end of the connection, so only this
 * class touches them, and asks first.
 */
class Exchange {
  readonly #res: HttpResponse;
  readonly #isHead: boolean;
  #over = false;
  #cut: (() => void) | undefined;

  constructor(res: HttpResponse, isHead: boolean) {
    this.#res = res;
    this.#isHead = isHead;
    // Without this handler the library ends the process.
    res.onAborted(() => {
      this.#over = true;
      this.#cut?.();
    });
  }

  /** The body; undefined when it is longer than `max` bytes or the client went away. */
  body(max: number): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let size = 0;
      this.#cut = () => resolve(undefined);
      this.#res.onData((chunk, isLast) => {
        size += chunk.byteLength;
        if (size > max) {
          chunks.length = 0;
          resolve(undefined);
          return;
        }
        // The memory of a chunk is taken back when this returns.
        chunks.push(Buffer.from(new Uint8Array(chunk)));
        if (isLast) resolve(Buffer.concat(chunks));
      });
    });
  }

  /** @param close - the rest of the request is not read, so the connection cannot be used again */
  answer({ status, headers, body }: HttpAnswer, close: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#res.cork(() => {
      this.#res.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`);
      for (const [name, value] of Object.entries(headers)) this.#res.writeHeader(name, value);
      // Told the length of a body that does not come, the library ends the connection.
      if (this.#isHead || body === '') this.#res.endWithoutBody();
      else this.#res.end(body, close);
    });
  }
}

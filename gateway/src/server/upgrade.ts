import type { HttpRequest, HttpResponse, us_socket_context_t } from 'uWebSockets.js';
import { problemOf, PROBLEM_TYPE, protocolError } from '@chatplatform/protocol';
import type { ConnectionData } from './connection.ts';
import { forwardedFor, peerOf, type AddressOf } from './http-exchange.ts';
import { SUBPROTOCOL, TOKEN_PROTOCOL_PREFIX } from './settings.ts';
import type { Refusal, UpgradeRequest } from './socket.ts';

/** Decides about an upgrade; undefined = welcome. Called once per request, so it may count. */
export type Admission = (request: UpgradeRequest) => Refusal | undefined;

/** Reads everything of the request at once: uWebSockets invalidates it when the handler returns. */
export function upgrade(
  res: HttpResponse,
  req: HttpRequest,
  context: us_socket_context_t,
  { admit, addressOf, id }: { admit: Admission; addressOf: AddressOf; id: number },
): void {
  const remoteAddress = addressOf(peerOf(res), forwardedFor(req));
  const refusal = admit({ remoteAddress, origin: req.getHeader('origin') });
  if (refusal !== undefined) {
    refuse(res, refusal);
    return;
  }
  const offered = req
    .getHeader('sec-websocket-protocol')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  // A raw client may leave the list out; one that asks for other versions only is told so with 3506 after the
  // upgrade, because browsers hide the answer to a refused one.
  const supported = offered.length === 0 || offered.includes(SUBPROTOCOL);
  const data: ConnectionData = {
    id,
    remoteAddress,
    supported,
    offeredToken: bearerToken(req.getHeader('authorization')) ?? protocolToken(offered),
  };
  const selected = offered.includes(SUBPROTOCOL) ? SUBPROTOCOL : '';
  const key = req.getHeader('sec-websocket-key');
  const extensions = req.getHeader('sec-websocket-extensions');
  res.upgrade<ConnectionData>(data, key, selected, extensions, context);
}

function refuse(res: HttpResponse, { status, code, reason, retryAfterSeconds }: Refusal): void {
  const after = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
  const problem = problemOf(protocolError(code, reason, after), Number(status.slice(0, 3)));
  res.cork(() => {
    res.writeStatus(status).writeHeader('Content-Type', PROBLEM_TYPE);
    if (retryAfterSeconds !== undefined) {
      res.writeHeader('Retry-After', String(Math.max(1, Math.ceil(retryAfterSeconds))));
    }
    res.end(JSON.stringify(problem));
  });
}

function bearerToken(header: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header)?.[1];
}

function protocolToken(offered: string[]): string | undefined {
  const entry = offered.find((protocol) => protocol.startsWith(TOKEN_PROTOCOL_PREFIX));
  return entry?.slice(TOKEN_PROTOCOL_PREFIX.length);
}

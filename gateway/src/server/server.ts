import uWS from 'uWebSockets.js';
import { Outflow } from './outflow.ts';
import { Listener, type Server, type ServerOptions } from './listener.ts';
import { TlsServer } from './tls-server.ts';

export type { Server, ServerOptions } from './listener.ts';

/**
 * Listens on `/ws`; every other path is the HTTP API's. Fails with `GatewayError`: `listen` when the port is taken,
 * `config` when certificate and key cannot be used.
 */
export async function listen(options: ServerOptions): Promise<Server> {
  let last = 0;
  const shared = { nextId: (): number => (last += 1), outflow: new Outflow() };
  if (options.tls !== undefined) return TlsServer.listen(options, options.tls, shared);
  const listener = new Listener(uWS.App(), options, shared);
  await listener.listen(options);
  return listener;
}

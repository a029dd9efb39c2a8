import type { AdminReply } from '@chatplatform/telemetry';
import type { RunningGateway } from '../running-gateway.ts';
import type { ServerOptions } from '../server/server.ts';
import type { FakeSockets } from './fake-sockets.ts';

/** A gateway of a fleet, as balancer and operator see it. */
export interface Door {
  readonly running: RunningGateway;
  readonly options: ServerOptions;
  readonly sockets: FakeSockets;
  /** An admin request from this machine. */
  admin(route: string, body?: object): Promise<AdminReply>;
  /** Clients connected now. */
  count(): number;
}

import { Limits as Protocol } from '@chatplatform/protocol';
import { z } from 'zod';

const rate = (max: number, value: number) => z.int().min(1).max(max).default(value);

/**
 * Limits of the gateways, applied live. Defaults are those of the protocol, which publishes them to
 * every client in the reply to `hello`.
 */
export const Limits = z.object({
  requestsPerSecondPerConnection: rate(10_000, Protocol.requestsPerSecond),
  requestBurstPerConnection: rate(10_000, Protocol.requestBurst),
  /** Own bucket for `join` and `sync` after a `hello`, so that a returning client is not throttled. */
  restoreBurstPerConnection: rate(10_000, Protocol.recoveryBurst),
  publishesPerSecondPerUser: rate(10_000, Protocol.publishesPerSecond),
  publishBurstPerUser: rate(10_000, Protocol.publishBurst),
  /** Requests of one user to the HTTP API of one gateway. */
  apiRequestsPerSecondPerUser: rate(10_000, Protocol.apiRequestsPerSecond),
  apiRequestBurstPerUser: rate(10_000, Protocol.apiRequestBurst),
  connectionsPerSecondPerIP: rate(100_000, Protocol.connectsPerSecondPerIp),
  maxRoomsPerConnection: rate(10_000, Protocol.roomsPerConnection),
  maxConnectionsPerUser: rate(1000, Protocol.connectionsPerUser),
  // A record must stay well below the broker's 1 MB.
  maxFrameBytes: z.int().min(1024).max(524_288).default(Protocol.frameBytes).meta({
    description:
      'Bytes of a frame, and of a body of the HTTP API. Of frames a gateway keeps the size it started with, and tells it in hello: a change takes effect with the next roll.',
  }),
});

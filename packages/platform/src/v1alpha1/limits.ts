import { z } from 'zod';

const rate = (max: number, value: number) => z.int().min(1).max(max).default(value);

/**
 * Limits of the gateways, applied live. Defaults are those of the protocol, which publishes them to
 * every client in the reply to `hello`.
 */
export const Limits = z.object({
  requestsPerSecondPerConnection: rate(10_000, 20),
  requestBurstPerConnection: rate(10_000, 40),
  /** Own bucket for `join` and `sync` after a `hello`, so that a returning client is not throttled. */
  restoreBurstPerConnection: rate(10_000, 256),
  publishesPerSecondPerUser: rate(10_000, 10),
  publishBurstPerUser: rate(10_000, 30),
  connectionsPerSecondPerIP: rate(100_000, 20),
  maxRoomsPerConnection: rate(10_000, 256),
  maxConnectionsPerUser: rate(1000, 5),
  /** 64 KiB by default; a record must stay well below the broker's 1 MB. */
  maxFrameBytes: z.int().min(1024).max(524_288).default(65_536),
});

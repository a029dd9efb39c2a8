import type { SessionRegistry } from '../session/session-registry.ts';
import type { SessionPlane } from '../session/session-plane.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Balance } from './balance.ts';
import { Drain } from './drain.ts';
import { Rebalance } from './rebalance.ts';
import { ReconnectBudget } from './reconnect-budget.ts';

/** What moving clients stands on. */
export interface MoversParts {
  around: Surroundings;
  registry: SessionRegistry;
  sessions: SessionPlane;
  balance: Balance;
}

/** Everything that moves clients to other gateways, on one budget. */
export interface Movers {
  readonly drain: Drain;
  readonly rebalance: Rebalance;
}

/**
 * Builds what moves clients.
 *
 * @param announce - says to the other gateways what this one does now
 */
export function movers(parts: MoversParts, announce: () => void): Movers {
  const { around, registry, sessions, balance } = parts;
  const { clock, config, incarnation, live, logger, metrics, redis } = around;
  const shared = {
    clock,
    logger,
    metrics,
    incarnation,
    registry,
    sessions: redis.sessions,
    budget: new ReconnectBudget({ shared: redis.budget, sharers: () => balance.gateways, clock }),
    resumeToken: (session: Parameters<SessionPlane['resumeToken']>[0]) => sessions.resumeToken(session),
  };
  const drain = new Drain({
    ...shared,
    pending: () => sessions.connections.pending,
    onChange: announce,
    settings: () => ({
      startDelayMs: config.drain.startDelaySeconds * 1000,
      timeoutMs: config.drain.timeoutSeconds * 1000,
      ratePerSecond: live.drain.reconnectBudgetPerSecond,
      jitterMs: live.drain.reconnectJitterSeconds * 1000,
    }),
  });
  const rebalance = new Rebalance({
    ...shared,
    gateways: redis.gateways,
    balance,
    ratePerSecond: () => live.drain.reconnectBudgetPerSecond,
    isServing: () => drain.state === 'serving',
  });
  return { drain, rebalance };
}

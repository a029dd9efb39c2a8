import type { Clock, Timer } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import type { KubeClient } from './client.ts';
import { isKubeError, KubeError } from './errors.ts';
import { type KubeObject, Resources } from './resource.ts';

/** Membership in an election. */
export interface LeaderElection {
  /** Resolves when this process leads; rejects when `stop` is called before. */
  readonly elected: Promise<void>;
  /** @throws {KubeError} `not-leader` unless the lease is held right now. */
  assertLeader(): void;
  isLeader(): boolean;
  /** Gives the lease back, so that another process leads at once. */
  stop(): Promise<void>;
}

/** What an election is given. */
export interface LeaderElectionOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
  readonly name: string;
  /** Unique per process, also after a restart of the pod. */
  readonly identity: string;
  /** Called once when leadership is lost: the process must end. */
  readonly onLost: () => void;
  readonly timing: LeaderTiming;
}

/** Durations of an election in milliseconds. */
export interface LeaderTiming {
  readonly lease: number;
  readonly renewDeadline: number;
  readonly retry: number;
}

/** client-go's defaults: 15 s lease, give up after 10 s without renewal, try every 2 s. */
export const DEFAULT_TIMING: LeaderTiming = { lease: 15_000, renewDeadline: 10_000, retry: 2000 };

interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/**
 * Leader election on a Lease as client-go does it. Other processes' clocks are never read: a lease is
 * ended when it has not changed for its duration by our own monotonic clock.
 */
export function startLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { client, clock, logger, identity, timing } = options;
  let observed: { version: string; at: number } | undefined;
  let heldUntil = Number.NEGATIVE_INFINITY;
  let leading = false;
  let stopped = false;
  let timer: Timer | undefined;
  let turn: Promise<void> = Promise.resolve();
  let onElected: () => void = () => undefined;
  let onStopped: (error: Error) => void = () => undefined;
  const elected = new Promise<void>((resolve, reject) => {
    onElected = resolve;
    onStopped = reject;
  });
  elected.catch(() => undefined);

  const read = () => client.get(Resources.lease, options.namespace, options.name);

  const write = async (existing: KubeObject | undefined, spec: LeaseSpec): Promise<void> => {
    const metadata = existing?.metadata ?? { name: options.name, namespace: options.namespace };
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    await (existing ? client.replace(lease) : client.create(lease));
  };

  const free = (lease: KubeObject | undefined): boolean => {
    const spec = lease?.['spec'] as LeaseSpec | undefined;
    if (!spec?.holderIdentity || spec.holderIdentity === identity) return true;
    const version = lease?.metadata.resourceVersion ?? '';
    if (observed?.version !== version) observed = { version, at: clock.monotonic() };
    return clock.monotonic() - observed.at > (spec.leaseDurationSeconds ?? timing.lease / 1000) * 1000;
  };

  // A lease that names us already is renewed, whether by this loop or by an earlier life of this name.
  const nextSpec = (before: LeaseSpec | undefined): LeaseSpec => {
    const mine = before?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(timing.lease / 1000),
      acquireTime: (mine ? before.acquireTime : undefined) ?? stamp(clock),
      renewTime: stamp(clock),
      leaseTransitions: (before?.leaseTransitions ?? 0) + (mine || !before ? 0 : 1),
    };
  };

  const tryHold = async (): Promise<void> => {
    const began = clock.monotonic();
    const lease = await read();
    if (stopped || !free(lease)) return;
    const before = lease?.['spec'] as LeaseSpec | undefined;
    await write(lease, nextSpec(before));
    // Counted from before the write: others count from after it.
    heldUntil = began + timing.renewDeadline;
    if (!leading) {
      leading = true;
      logger.info({ identity }, 'this process leads');
      onElected();
    }
  };

  const step = async (): Promise<void> => {
    try {
      await tryHold();
    } catch (error) {
      if (!isKubeError(error, 'conflict') && !isKubeError(error, 'already-exists')) {
        logger.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          'the lease could not be written',
        );
      }
    }
    if (stopped) return;
    if (leading && clock.monotonic() >= heldUntil) {
      leading = false;
      stopped = true;
      logger.error({ identity }, 'leadership lost: the lease could not be renewed in time');
      options.onLost();
      return;
    }
    timer = clock.setTimeout(() => {
      turn = step();
    }, timing.retry);
  };
  turn = step();

  const isLeader = (): boolean => leading && clock.monotonic() < heldUntil;
  return {
    elected,
    isLeader,
    assertLeader: () => {
      if (!isLeader())
        throw new KubeError('not-leader', 'this process does not lead (any more): nothing is written');
    },
    stop: async () => {
      const held = leading;
      stopped = true;
      leading = false;
      timer?.cancel();
      onStopped(new KubeError('not-leader', 'the election was left'));
      await turn;
      if (held) await release().catch(() => undefined);
    },
  };

  async function release(): Promise<void> {
    const lease = await read();
    const spec = lease?.['spec'] as LeaseSpec | undefined;
    if (lease && spec?.holderIdentity === identity)
      await write(lease, { ...spec, holderIdentity: '', leaseDurationSeconds: 1 });
  }
}

/** MicroTime of Kubernetes. */
function stamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace('Z', '000Z');
}

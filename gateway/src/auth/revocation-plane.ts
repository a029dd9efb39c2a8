import { encodeInboxLine, type Revocation } from '@chatplatform/redis';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { Surroundings } from '../surroundings.ts';
import { AuthError, type Identity } from './identity.ts';
import { Revocations, type RevocationNews } from './revocations.ts';

/** What is revoked, and what follows from it on this gateway. */
export interface RevocationPlane {
  readonly revocations: Revocations;
  /** Whose token this is. Rejects with `AuthError`, also for a revoked one. */
  verify(token: string): Promise<Identity>;
}

/** Builds it; whoever is connected with something that gets revoked is put out. */
export function revocationPlane(
  around: Pick<Surroundings, 'authentication' | 'clock' | 'incarnation' | 'logger' | 'metrics' | 'redis'>,
  registry: SessionRegistry,
): RevocationPlane {
  const { authentication, clock, logger, metrics, redis } = around;
  const revocations = new Revocations({
    store: redis.revocations,
    clock,
    tell: (entries) => {
      tellOthers(around, entries).catch((error: unknown) =>
        logger.debug({ err: error }, 'other gateways were not told of a revocation; they ask for it'),
      );
    },
    onNew: (news) => metrics.revokedConnections.inc(putOut(registry, revocations, news)),
  });
  return {
    revocations,
    verify: async (token) => {
      const identity = await authentication.verifier.verify(token);
      if (!revocations.isRevoked(identity)) return identity;
      throw new AuthError('revoked', 'the token was revoked; sign in again');
    },
  };
}

async function tellOthers(
  { incarnation, redis }: Pick<Surroundings, 'incarnation' | 'redis'>,
  entries: readonly Revocation[],
): Promise<void> {
  const others = [...(await redis.gateways.live())].filter((gateway) => gateway !== incarnation);
  const line = encodeInboxLine({ class: 'ctl', frame: JSON.stringify({ revoked: entries }) });
  await Promise.all(others.map((gateway) => redis.inbox.send(gateway, incarnation, [line])));
}

/** Closes the connections that `news` concern; returns how many. */
function putOut(registry: SessionRegistry, revocations: Revocations, news: RevocationNews): number {
  const { tokens, users, disconnected } = news;
  const suspects = tokens ? [...registry.all()] : [...users].flatMap((user) => [...registry.ofUser(user)]);
  const revoked = suspects.filter(({ ended, identity }) => !ended && revocations.isRevoked(identity));
  for (const session of revoked) session.bye(3507);
  const gone = [...disconnected].flatMap((user) => [...registry.ofUser(user)]).filter(({ ended }) => !ended);
  for (const session of gone) void session.endAfterAcks(3011);
  return revoked.length + gone.length;
}

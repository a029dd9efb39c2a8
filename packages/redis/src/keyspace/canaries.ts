import { createHash } from 'node:crypto';
import type { Generation, KeyspaceState } from './keyspace.ts';

/** What one look at Redis showed. */
export interface Sighting {
  /** Values of the canaries, one per tag; `null` where there is none. */
  readonly canaries: readonly (string | null)[];
  /** `master_replid` of every primary. */
  readonly replicationIds: readonly string[];
}

/** Compares what is seen with what this process saw before. */
export class CanaryWatch {
  #before: Sighting | undefined;

  judge(now: Sighting): KeyspaceState {
    const before = this.#before;
    this.#before = now;
    if (before && this.#differs(before, now)) return 'lost';
    return now.canaries.some((canary) => canary === null) ? 'new' : 'intact';
  }

  /** A canary that was put there since is no difference; one that is gone or another, or a new primary, is. */
  #differs(before: Sighting, now: Sighting): boolean {
    const known = new Set(before.replicationIds);
    return (
      before.canaries.some((canary, at) => canary !== null && canary !== now.canaries[at]) ||
      now.replicationIds.some((id) => !known.has(id))
    );
  }
}

/** The generation of a keyspace: everything whose change means a loss. */
export function generationOf({ canaries, replicationIds }: Sighting): Generation | undefined {
  const life = lifeOf(canaries);
  if (life === undefined) return undefined;
  return { life, name: digest([life, ...[...replicationIds].sort()]) };
}

/** The life of the data behind these canaries; `undefined` while one is missing. */
export function lifeOf(canaries: Sighting['canaries']): string | undefined {
  return canaries.includes(null) ? undefined : digest(canaries);
}

function digest(facts: readonly (string | null)[]): string {
  return createHash('sha256').update(facts.join(' ')).digest('base64url');
}

/** What a gateway says about itself with every lease. */
export interface GatewayInfo {
  readonly state: 'serving' | 'draining';
  /** Where its public port can be reached inside the cluster; for people and tools. */
  readonly address: string;
  readonly connections: number;
}

/** A lease lives 15 s by Redis time and is renewed every 5 s: two renewals may fail. */
export const LEASE_MS = 15_000;
/** See {@link LEASE_MS}. */
export const LEASE_RENEW_MS = 5_000;

/** What the sweeper took away for a dead gateway. */
export interface Swept {
  /** Per room the users that left with it. */
  readonly rooms: { readonly room: string; readonly left: string[] }[];
  readonly sids: string[];
}

/** Which gateways live, and the removal of what dead ones left. */
export interface Gateways {
  /** Renews the lease. `lost`: there was none that lived (first call, outage, data loss), so everything must be asserted again. */
  lease(incarnation: string, info: GatewayInfo): Promise<{ lost: boolean }>;
  /** Ends the lease at once (clean stop, after everything it had was removed). */
  release(incarnation: string): Promise<void>;
  /** Incarnations with a living lease; at most `maxAgeMs` old (default 1 000), shared by concurrent callers. */
  live(maxAgeMs?: number): Promise<ReadonlySet<string>>;
  /** All live ones with what they say of themselves. */
  list(): Promise<Map<string, GatewayInfo>>;
  /** Incarnations whose lease ended at least `graceMs` ago and that were not swept. Use two leases after an outage of Redis. */
  ended(graceMs: number): Promise<string[]>;
  /** Clears routes, presence and sessions of a dead gateway. Does nothing while its lease lives. Several may sweep at once. */
  sweep(incarnation: string): Promise<Swept>;
}

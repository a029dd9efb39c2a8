import type { DialectName } from '../load/crowd.ts';
import type { LogPlan } from '../load/log-publisher.ts';

/** A server, or a platform, that is measured. */
export interface Target {
  readonly name: string;
  readonly version: string;
  readonly dialect: DialectName;
  /** Starts it afresh. `edges`: processes that hold connections, where it can have more than one. */
  start(options?: StartOptions): Promise<RunningTarget>;
}

/** How to start a {@link Target}. */
export interface StartOptions {
  readonly edges?: number;
}

/** A running {@link Target}. */
export interface RunningTarget {
  /** One per edge process. */
  readonly ports: readonly number[];
  /** Process ids by part; `edge` holds the connections. */
  readonly pids: { readonly edge: readonly number[] } & Readonly<Record<string, readonly number[]>>;
  readonly key: string;
  /** Where to write what it shall deliver; undefined = it is published to the server itself. */
  readonly log?: LogPlan;
  stop(): Promise<void>;
}

import type { LogFacts } from './log-facts.ts';

/** A service that a worker runs beside the chat. */
export interface HostedService {
  readonly name: string;
  /** Begins its work and returns once it is under way. Called once, when the log is known. */
  run(facts: LogFacts): Promise<void>;
  /** False: only a new process helps. */
  isLive(): boolean;
  /** Ends what is under way and gives it back to whoever comes next; after a `kill` they find out by themselves. */
  stop(o: { readonly killed: boolean }): Promise<void>;
}

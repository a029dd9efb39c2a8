import { systemClock, type Clock } from './clock.ts';

/** The part of a logger the lifecycle needs (the telemetry package's Logger fits). */
export interface LifecycleLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One thing to do while stopping. */
export interface ShutdownStep {
  readonly name: string;
  /** Milliseconds after which the next step begins all the same: no step may hold the process hostage. */
  readonly deadlineMs: number;
  run(reason: string): Promise<void> | void;
}

export interface LifecycleDeps {
  readonly log: LifecycleLog;
  readonly clock?: Clock;
  /** Ends the process; replaced in tests. */
  readonly exit?: (code: number) => void;
}

/** The part of `process` that signals come from; replaced in tests. */
export interface SignalSource {
  on(event: string, listener: (argument: unknown) => void): unknown;
}

/** The order in which a program stops. Steps run one after the other in the order they were added. */
export class Lifecycle {
  readonly #steps: ShutdownStep[] = [];
  readonly #log: LifecycleLog;
  readonly #clock: Clock;
  readonly #exit: (code: number) => void;
  #stopping: Promise<void> | undefined;

  constructor(deps: LifecycleDeps) {
    this.#log = deps.log;
    this.#clock = deps.clock ?? systemClock;
    this.#exit = deps.exit ?? ((code) => process.exit(code));
  }

  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Adds a step after those already there. */
  add(step: ShutdownStep): void {
    this.#steps.push(step);
  }

  /** Runs every step once, each at most for its deadline; a failing step is logged and passed. Never rejects. */
  shutdown(reason: string): Promise<void> {
    this.#stopping ??= this.#runAll(reason);
    return this.#stopping;
  }

  /**
   * SIGTERM and SIGINT stop in order and exit 0; a second SIGINT exits 130 at once. An unhandled rejection or
   * exception is a defect: logged, exit 1, so that the platform restarts a process in an unknown state.
   */
  install(source: SignalSource = process): void {
    source.on('SIGTERM', () => void this.#stopAndExit('SIGTERM'));
    source.on('SIGINT', () => (this.stopping ? this.#exit(130) : void this.#stopAndExit('SIGINT')));
    const crash = (what: string) => (error: unknown) => {
      this.#log.error({ err: error }, what);
      this.#exit(1);
    };
    source.on('unhandledRejection', crash('unhandled rejection, exiting'));
    source.on('uncaughtException', crash('uncaught exception, exiting'));
  }

  async #stopAndExit(reason: string): Promise<void> {
    await this.shutdown(reason);
    this.#exit(0);
  }

  async #runAll(reason: string): Promise<void> {
    this.#log.info({ reason }, 'stopping');
    for (const step of this.#steps) await this.#runStep(step, reason);
    this.#log.info({ reason }, 'stopped');
  }

  async #runStep(step: ShutdownStep, reason: string): Promise<void> {
    const deadline = new AbortController();
    const late = this.#clock.sleep(step.deadlineMs, deadline.signal).then(
      () =>
        this.#log.error(
          { step: step.name, deadlineMs: step.deadlineMs },
          'shutdown step passed its deadline',
        ),
      () => undefined,
    );
    const work = (async () => step.run(reason))().catch((error: unknown) => {
      this.#log.error({ step: step.name, err: error }, 'shutdown step failed');
    });
    await Promise.race([work, late]);
    deadline.abort();
  }
}

import { readFileSync } from 'node:fs';
import { readPlatform } from './settings.ts';
import { layOut, type Layout } from './layout.ts';
import { prepareTopics, startStores, type Stores } from './stores.ts';
import { Program } from './program.ts';
import { probe } from './probe.ts';
import { watchSources } from './watch.ts';
import { systemClock, systemRandom } from '@chatplatform/runtime';
import { CliError } from '../errors.ts';
import { identify } from '../instance/process-identity.ts';
import type { Instance, ProcessesState } from '../instance/instance.ts';
import { mintToken, readKey } from '../token.ts';

/** What `chatctl up` asks of the supervisor. */
export interface SupervisorOptions {
  readonly instance: Instance;
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: string;
  readonly port?: number;
  /** Restart programs whose sources change. */
  readonly watch: boolean;
  /** Aborted when it is time to stop. */
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/** Programs load and connect within 3 s on two free cores; beside a full build it took 20. */
const READY_MS = 90_000;
/** Drain (5 s) and the rest of an orderly stop. */
const STOP_MS = 10_000;
/** While editing nobody waits for a drain: clients resume on the other gateway. */
const RELOAD_MS = 3000;
/** A program that ends this often before it was ever ready will not get better by itself. */
const HOPELESS = 4;
const SHOWN_LINES = 8;
/** Between looks at what is not ready, and at stores that died. */
const LOOK_MS = 100;
const REVIVE_MS = 1000;

/** A platform of plain processes on this machine, kept running until the signal. Resolves when all has stopped. */
export async function supervise(options: SupervisorOptions): Promise<void> {
  const supervisor = new Supervisor(options);
  try {
    await supervisor.start();
    await supervisor.runUntilStopped();
  } finally {
    await supervisor.stop();
  }
}

class Supervisor {
  readonly #options: SupervisorOptions;
  #phase: ProcessesState['phase'] = 'starting';
  #stores: Stores | undefined;
  #programs: Program[] = [];
  #watching: { close(): void } | undefined;
  #reloads: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { instance, file, note } = this.#options;
    const platform = readPlatform(file);
    this.#write();
    note('Kafka and Redis start');
    this.#stores = await startStores(platform, instance);
    const stores = this.#stores.addresses;
    note(`topics on ${stores.kafka.bootstrapServers.join(',')}`);
    await prepareTopics(platform, stores);
    const layout = await layOut({ ...this.#options, platform, stores });
    note('two gateways, two workers and the demo page start');
    await this.#startPrograms(layout);
    note('a message goes through');
    await this.#proveAndAnnounce(layout);
  }

  /** Looks after the stores until it is time to stop; programs look after themselves. */
  async runUntilStopped(): Promise<void> {
    const { signal, note } = this.#options;
    while (!signal.aborted) {
      await systemClock.sleep(REVIVE_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#stores
        ?.revive()
        .catch((error: unknown) => note(`a store does not come back: ${String(error)}`));
    }
  }

  async stop(): Promise<void> {
    this.#phase = 'stopping';
    this.#watching?.close();
    this.#write();
    const ended = async (roles: readonly string[]): Promise<void> => {
      const chosen = this.#programs.filter((program) => roles.includes(program.plan.role));
      await Promise.all(chosen.map((program) => program.stop(STOP_MS)));
    };
    await ended(['web-chat', 'gateway']);
    await ended(['worker']);
    await this.#stores?.stop();
  }

  async #startPrograms(layout: Layout): Promise<void> {
    const { note } = this.#options;
    this.#programs = layout.programs.map(
      (plan) =>
        new Program(plan, { clock: systemClock, random: systemRandom, note, onChange: () => this.#write() }),
    );
    for (const program of this.#programs) program.start();
    const deadline = systemClock.monotonic() + READY_MS;
    for (const program of this.#programs) await this.#untilReady(program, deadline);
    if (this.#options.watch) this.#watch();
  }

  async #untilReady(program: Program, deadline: number): Promise<void> {
    while (!(await program.isReady())) {
      this.#options.signal.throwIfAborted();
      const { restarts, name, log } = program.state;
      if (restarts >= HOPELESS || systemClock.monotonic() > deadline) {
        const what =
          restarts === 0 ? `${name} is not ready` : `${name} ended ${restarts} times:\n${lastLines(log)}`;
        throw new CliError('start-failed', what, `read ${log}`);
      }
      await systemClock.sleep(LOOK_MS);
    }
  }

  async #proveAndAnnounce({ endpoint }: Layout): Promise<void> {
    const { instance, note } = this.#options;
    const key = await readKey(endpoint.keyFile);
    const { issuer, audience } = endpoint;
    const token = (user: string): Promise<string> =>
      mintToken(key, { user, issuer, audience, ttlSeconds: 300 });
    const took = await probe({ url: endpoint.url, token });
    instance.writeEndpoint(endpoint);
    // Said before the state changes: whoever follows the start stops reading once it is ready.
    note(`ready: a message went through in ${Math.round(took)} ms`);
    note(`open ${endpoint.page ?? endpoint.url}`);
    this.#phase = 'ready';
    this.#write();
  }

  #watch(): void {
    const { root, note } = this.#options;
    const folders = [...new Set(this.#programs.flatMap((program) => program.plan.sources))];
    this.#watching = watchSources(root, folders, (files) => this.#enqueueReload(files), systemClock);
    note(`watching ${folders.join(', ')}`);
  }

  /** Changes that come while a reload is under way wait for it. */
  #enqueueReload(files: readonly string[]): void {
    this.#reloads = this.#reloads.then(() => this.#reload(files));
  }

  /** One after the other, so that of two gateways one always serves. */
  async #reload(files: readonly string[]): Promise<void> {
    const { note } = this.#options;
    const stale = this.#programs.filter((program) =>
      program.plan.sources.some((folder) => files.some((file) => file.startsWith(`${folder}/`))),
    );
    for (const program of stale) {
      const began = systemClock.monotonic();
      await program.reload(RELOAD_MS);
      await this.#untilReady(program, began + READY_MS).catch((error: unknown) => note(String(error)));
      note(
        `${program.plan.name} reloaded in ${Math.round(systemClock.monotonic() - began)} ms (${files.join(', ')})`,
      );
    }
  }

  #write(): void {
    const { instance, root, file } = this.#options;
    instance.writeProcesses({
      supervisor: identify(),
      root,
      file,
      phase: this.#phase,
      programs: [...(this.#stores?.programs() ?? []), ...this.#programs.map((program) => program.state)],
    });
  }
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
}

import type { Connection } from './connection.ts';
import type { Script, ScriptReply } from './script.ts';

/** Calls sent as one at most: a script holds up everybody else, and so many of ours take it about a millisecond. */
const MAX_GATHERED = 100;

interface Waiting<Call, Answer> {
  readonly call: Call;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls made in one turn of the event loop, run together: a crowd that connects asks the same of Redis many times at
 * once, and a command costs this process far more than the few bytes of one more call in it.
 */
export class Gathered<Call, Answer> {
  readonly #run: (calls: readonly Call[]) => Promise<readonly Answer[]>;
  #waiting: Waiting<Call, Answer>[] = [];

  /** @param run answers all of its calls, in their order; when it rejects, all of them do */
  constructor(run: (calls: readonly Call[]) => Promise<readonly Answer[]>) {
    this.#run = run;
  }

  /** Rejects as `run` does. Calls of one turn take effect in the order in which they were made. */
  ask(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < all.length; from += MAX_GATHERED) {
      const some = all.slice(from, from + MAX_GATHERED);
      this.#run(some.map(({ call }) => call)).then(
        (answers) => {
          for (const [at, { resolve }] of some.entries()) resolve(answers[at] as Answer);
        },
        (error: unknown) => {
          for (const { reject } of some) reject(error);
        },
      );
    }
  }
}

/** One call of a script that takes many. */
export interface ScriptCall {
  /** As many as in every other call of the script; all of one slot. */
  readonly keys: readonly string[];
  /** As many as in every other call of the script. */
  readonly args: readonly (string | number)[];
}

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Gathers calls of a script that answers each: `KEYS` are those of all calls, `ARGV` the number of shared arguments,
 * these, and the arguments of all calls. One server runs them as one; on a cluster, where a script has one slot, each is
 * a command of its own.
 */
export class GatheredScript {
  readonly #connection: Connection;
  readonly #script: Script;
  readonly #gathered = new Map<ReadonlySet<string>, Gathered<ScriptCall, ScriptReply>>();

  constructor(connection: Connection, script: Script) {
    this.#connection = connection;
    this.#script = script;
  }

  /** @param shared calls with the same object run together */
  ask(call: ScriptCall, shared = NOTHING): Promise<ScriptReply> {
    let gathered = this.#gathered.get(shared);
    if (gathered === undefined) {
      gathered = new Gathered((calls) => this.#run(calls, shared));
      this.#gathered.set(shared, gathered);
    }
    return gathered.ask(call);
  }

  async #run(calls: readonly ScriptCall[], shared: ReadonlySet<string>): Promise<ScriptReply[]> {
    this.#gathered.delete(shared);
    const groups = this.#connection.cluster ? calls.map((call) => [call]) : [calls];
    const answers = await Promise.all(groups.map((group) => this.#runGroup(group, shared)));
    return answers.flat(1);
  }

  async #runGroup(calls: readonly ScriptCall[], shared: ReadonlySet<string>): Promise<ScriptReply[]> {
    const keys = calls.flatMap((call) => call.keys);
    const args = [shared.size, ...shared, ...calls.flatMap((call) => call.args)];
    return (await this.#script.run(this.#connection, keys, args)) as ScriptReply[];
  }
}

/** Gathers members added to sets: one command for each set. */
export class GatheredMembers {
  readonly #connection: Connection;
  readonly #gathered: Gathered<{ key: string; members: readonly string[] }, void>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#gathered = new Gathered((calls) => this.#run(calls));
  }

  add(key: string, members: readonly string[]): Promise<void> {
    return this.#gathered.ask({ key, members });
  }

  async #run(calls: readonly { key: string; members: readonly string[] }[]): Promise<void[]> {
    const byKey = new Map<string, string[]>();
    for (const { key, members } of calls) {
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, [...members]);
      else known.push(...members);
    }
    await this.#connection.run((client) =>
      Promise.all([...byKey].map(([key, members]) => client.sadd(key, ...members))),
    );
    return [];
  }
}

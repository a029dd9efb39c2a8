import type { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { Network } from './network.ts';
import { SESSION_TIMEOUT_MS, type GatewayProgram, type Platform, type WorkerProgram } from './platform.ts';
import type { SimKafka } from './sim-kafka.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimRedis } from './sim-redis.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What trouble can be made with. */
export interface TroubleParts {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly journal: Journal;
  readonly platform: Platform;
  readonly network: Network;
  readonly kafka: SimKafka;
  readonly redis: SimRedis;
  /** Processes of the clients. */
  readonly clients: () => readonly SimProcess[];
}

/** One thing that happens to the platform. */
interface Trouble {
  readonly name: string;
  /** How often it is drawn, against the others. */
  readonly weight: number;
  /** True when Redis forgets something by it, so that the platform may honestly say that it cannot tell what was missed. */
  readonly forgets?: boolean;
  /** Makes it; returns what it did and after how many ms it is over. */
  make(parts: TroubleParts): { what: string; lastsMs: number } | undefined;
}

/** A trouble of a run's schedule. */
export interface Planned {
  readonly at: number;
  readonly trouble: Trouble;
}

/** Longest outage of a store, ms: longer than the producer's deadline, so that publishes fail for good. */
const OUTAGE_MS = 14_000;
const RESTART_MS = 3_000;

/** Draws a schedule: `count` troubles between two moments. `only` restricts it to some. */
export function schedule(
  dice: Dice,
  span: { from: number; to: number; count: number },
  only?: ReadonlySet<string>,
): Planned[] {
  const kinds = TROUBLES.filter(({ name }) => only === undefined || only.has(name));
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  const draw = (): Trouble | undefined => {
    let left = dice.between(0, total);
    return kinds.find(({ weight }) => (left -= weight) < 0) ?? kinds[0];
  };
  return Array.from({ length: span.count }, () => ({ at: dice.between(span.from, span.to), trouble: draw() }))
    .filter((planned): planned is Planned => planned.trouble !== undefined)
    .sort((a, b) => a.at - b.at);
}

/** Carries a schedule out; tells when all of it is over. */
export class Troublemaker {
  readonly #parts: TroubleParts;
  readonly lines: string[] = [];
  #open = 0;
  #calmSince = 0;
  #forgot = false;

  constructor(parts: TroubleParts, plan: readonly Planned[]) {
    this.#parts = parts;
    for (const planned of plan) {
      this.#open += 1;
      parts.time.after(planned.at, () => this.#make(planned.trouble));
    }
  }

  /** Every trouble is over and everything that went down is up again. */
  get calm(): boolean {
    return this.#open === 0;
  }

  /** Since when it is calm, ms. */
  get calmSince(): number {
    return this.#calmSince;
  }

  /** Redis forgot something. */
  get forgot(): boolean {
    return this.#forgot;
  }

  #make(trouble: Trouble): void {
    const { time, journal } = this.#parts;
    const made = trouble.make(this.#parts);
    const text = made === undefined ? 'nothing to do it to' : `${made.what}, ${Math.round(made.lastsMs)} ms`;
    if (made !== undefined && trouble.forgets === true) this.#forgot = true;
    this.lines.push(`${time.now.toFixed(0).padStart(6)} ms  ${trouble.name}: ${text}`);
    journal.note(time.now, 'trouble', `${trouble.name}: ${text}`);
    time.after(made?.lastsMs ?? 0, () => {
      this.#open -= 1;
      this.#calmSince = time.now;
    });
  }
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'client-cut',
    weight: 3,
    make: ({ dice, clients, network }) => {
      const client = dice.pick(clients());
      if (client === undefined) return undefined;
      network.cut(client);
      return { what: client.name, lastsMs: 0 };
    },
  },
  {
    name: 'client-half-open',
    weight: 1,
    make: ({ dice, clients, network }) => {
      const client = dice.pick(clients());
      if (client === undefined) return undefined;
      network.blackhole(client);
      return { what: client.name, lastsMs: 0 };
    },
  },
  {
    name: 'gateway-kill',
    weight: 3,
    make: (parts) => endGateway(parts, (program) => parts.platform.killGateway(program, false)),
  },
  {
    name: 'gateway-machine-lost',
    weight: 1,
    make: (parts) => endGateway(parts, (program) => parts.platform.killGateway(program, true)),
  },
  {
    name: 'gateway-drain',
    weight: 3,
    make: (parts) => endGateway(parts, (program) => void parts.platform.retireGateway(program), DRAIN_MS),
  },
  {
    name: 'gateway-kill-while-draining',
    weight: 1,
    make: (parts) =>
      endGateway(
        parts,
        (program) => {
          void parts.platform.retireGateway(program);
          parts.time.after(parts.dice.between(0, 3_000), () => {
            if (program.process.alive) parts.platform.killGateway(program, false);
          });
        },
        DRAIN_MS,
      ),
  },
  {
    name: 'worker-kill',
    weight: 4,
    make: (parts) => endWorker(parts, (program) => parts.platform.killWorker(program), SESSION_TIMEOUT_MS),
  },
  {
    name: 'worker-mute-then-killed',
    weight: 3,
    make: (parts) =>
      endWorker(
        parts,
        (program) => {
          const { redis, time, dice, platform } = parts;
          redis.mute(program.process);
          time.after(dice.between(50, 1_500), () => {
            if (program.process.alive) platform.killWorker(program);
          });
        },
        SESSION_TIMEOUT_MS + 1_500,
      ),
  },
  {
    name: 'worker-retire',
    weight: 2,
    make: (parts) => endWorker(parts, (program) => void parts.platform.retireWorker(program), 0),
  },
  {
    name: 'worker-joins',
    weight: 2,
    make: ({ platform }) => {
      if (platform.workers.length > 3) return undefined;
      return { what: platform.startWorker().process.name, lastsMs: 0 };
    },
  },
  {
    name: 'worker-evicted',
    weight: 3,
    make: (parts) => {
      const program = aWorker(parts);
      if (program === undefined) return undefined;
      const { platform, kafka, time, dice } = parts;
      // It goes on working for a while, as one that does not know yet; then it is started anew.
      platform.startWorker();
      kafka.evict(program.process);
      const lastsMs = dice.between(50, RESTART_MS);
      time.after(lastsMs, () => {
        if (!program.leaving) platform.killWorker(program);
      });
      return { what: program.process.name, lastsMs };
    },
  },
  {
    name: 'freeze',
    weight: 2,
    make: ({ platform, dice, kafka, time }) => {
      const program = dice.pick([...platform.gateways, ...platform.workers]);
      if (program === undefined) return undefined;
      const lastsMs = dice.chance(0.2) ? dice.between(10_000, 20_000) : dice.between(100, 5_000);
      program.process.freeze(lastsMs);
      const worker = platform.workers.find(({ process }) => process === program.process);
      if (worker !== undefined && lastsMs > SESSION_TIMEOUT_MS) {
        time.after(SESSION_TIMEOUT_MS, () => kafka.evict(program.process));
        time.after(lastsMs + 500, () => {
          if (worker.leaving) return;
          platform.killWorker(worker);
          platform.startWorker();
        });
      }
      return { what: program.process.name, lastsMs: lastsMs + 600 };
    },
  },
  {
    name: 'kafka-outage',
    weight: 2,
    make: ({ kafka, dice, time }) => {
      const lastsMs = dice.between(200, OUTAGE_MS);
      const { faults } = kafka.cluster;
      if (faults.outage) return undefined;
      faults.outage = true;
      time.after(lastsMs, () => {
        faults.outage = false;
      });
      return { what: 'no broker answers', lastsMs };
    },
  },
  {
    name: 'kafka-unreliable',
    weight: 4,
    make: ({ kafka, dice, time }) => {
      const lastsMs = dice.between(200, 6_000);
      const { faults } = kafka;
      Object.assign(faults, {
        answerLost: dice.between(0, 0.5),
        requestLost: dice.between(0, 0.3),
        late: dice.between(0, 0.3),
      });
      time.after(lastsMs, () => {
        Object.assign(faults, { answerLost: 0, requestLost: 0, late: 0 });
      });
      return { what: 'requests and answers vanish or come late', lastsMs };
    },
  },
  {
    name: 'slow-stores',
    weight: 2,
    make: ({ kafka, redis, dice, time }) => {
      const lastsMs = dice.between(200, 5_000);
      const store = dice.chance(0.5) ? redis : kafka;
      store.slow(dice.between(5, 100));
      time.after(lastsMs, () => store.slow(1));
      return { what: store === redis ? 'redis' : 'kafka', lastsMs };
    },
  },
  {
    name: 'redis-outage',
    weight: 2,
    make: ({ redis, dice, time }) => {
      if (!redis.up) return undefined;
      const lastsMs = dice.between(50, OUTAGE_MS);
      redis.goAway();
      time.after(lastsMs, () => redis.comeBack());
      return { what: 'connections broken', lastsMs };
    },
  },
  {
    name: 'redis-failover',
    weight: 3,
    forgets: true,
    make: ({ redis, dice, time }) => {
      if (!redis.up) return undefined;
      // What is written from now on the replica does not have yet.
      const snapshot = redis.snapshot();
      const lagMs = dice.between(10, 4_000);
      const awayMs = dice.between(50, 4_000);
      time.after(lagMs, () => {
        if (!redis.up) return;
        redis.goAway();
        redis.store.restore(snapshot);
        time.after(awayMs, () => redis.comeBack());
      });
      return { what: `the writes of ${Math.round(lagMs)} ms are lost`, lastsMs: lagMs + awayMs };
    },
  },
  {
    name: 'redis-failover-with-worker',
    weight: 2,
    forgets: true,
    make: (parts) => {
      const { redis, dice, time, clients, network } = parts;
      if (!redis.up) return undefined;
      const snapshot = redis.snapshot();
      const lagMs = dice.between(10, 3_000);
      const awayMs = dice.between(50, 2_000);
      // Somebody misses what is about to be lost.
      const absent = dice.pick(clients());
      if (absent !== undefined) network.cut(absent);
      time.after(lagMs, () => {
        if (!redis.up) return;
        endWorker(parts, (program) => parts.platform.killWorker(program), 0);
        redis.goAway();
        redis.store.restore(snapshot);
        time.after(awayMs, () => redis.comeBack());
      });
      return { what: `the writes of ${Math.round(lagMs)} ms are lost`, lastsMs: lagMs + SESSION_TIMEOUT_MS };
    },
  },
  {
    name: 'redis-flushall',
    weight: 1,
    forgets: true,
    make: ({ redis }) => {
      redis.store.wipe();
      return { what: 'every key is gone', lastsMs: 0 };
    },
  },
  {
    name: 'payloads-lost',
    weight: 5,
    make: (parts) => {
      const program = aGateway(parts);
      if (program === undefined) return undefined;
      const count = parts.dice.whole(1, 4);
      parts.redis.losePayloads(program.process, count);
      return { what: `${count} of ${program.process.name}`, lastsMs: 0 };
    },
  },
  {
    name: 'inbox-cut',
    weight: 2,
    make: (parts) => {
      const program = aGateway(parts);
      if (program === undefined) return undefined;
      const lastsMs = parts.dice.between(20, 3_000);
      parts.redis.breakInbox(program.process, lastsMs);
      return { what: program.process.name, lastsMs };
    },
  },
];

/** Names of everything that can happen. */
export const TROUBLE_NAMES: readonly string[] = TROUBLES.map(({ name }) => name);

/** A drain: propagation, moves, deadline. */
const DRAIN_MS = 10_000;

function aGateway({ platform, dice }: TroubleParts): GatewayProgram | undefined {
  return dice.pick(platform.gateways.filter(({ leaving, running }) => !leaving && running !== undefined));
}

function aWorker({ platform, dice }: TroubleParts): WorkerProgram | undefined {
  return dice.pick(platform.workers.filter(({ leaving, running }) => !leaving && running !== undefined));
}

/** Another gateway takes the place of the one that ends, before or after it. */
function endGateway(
  parts: TroubleParts,
  end: (program: GatewayProgram) => void,
  takesMs = 0,
): { what: string; lastsMs: number } | undefined {
  const program = aGateway(parts);
  if (program === undefined) return undefined;
  const { platform, dice, time } = parts;
  const restartMs = dice.between(0, RESTART_MS);
  end(program);
  time.after(restartMs, () => void platform.startGateway());
  return { what: program.process.name, lastsMs: Math.max(restartMs, takesMs) };
}

function endWorker(
  parts: TroubleParts,
  end: (program: WorkerProgram) => void,
  takesMs: number,
): { what: string; lastsMs: number } | undefined {
  const program = aWorker(parts);
  if (program === undefined) return undefined;
  const { platform, dice, time } = parts;
  const restartMs = dice.between(0, RESTART_MS);
  end(program);
  time.after(restartMs, () => void platform.startWorker());
  return { what: program.process.name, lastsMs: Math.max(restartMs, takesMs) };
}

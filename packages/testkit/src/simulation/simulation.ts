import { seededRandom } from '@chatplatform/runtime';
import { judge, type Verdict } from '../checker/index.ts';
import { BOARD, BOARD_KEYS } from './board.ts';
import { Crowd, QUIET_ROOM } from './crowd.ts';
import { Dice } from './dice.ts';
import { Journal } from './journal.ts';
import { Network } from './network.ts';
import type { PlantedFault } from './planted/planted-fault.ts';
import { PAST_MS, consumePast, publishPast, writePast, type PastMessage, type PastWrite } from './past.ts';
import { NAMES, PARTITIONS, Platform } from './platform.ts';
import { withoutRealWorld } from './real-world.ts';
import { SimKafka } from './sim-kafka.ts';
import { SimProcess } from './sim-process.ts';
import { SimRedis } from './sim-redis.ts';
import { schedule, Troublemaker } from './troublemaker.ts';
import { VirtualTime } from './virtual-time.ts';

/** What to simulate. */
export interface SimulationOptions {
  readonly seed: number;
  readonly planted?: PlantedFault | undefined;
  /** Only these troubles happen; all when absent. */
  readonly troubles?: ReadonlySet<string> | undefined;
  /** Troubles that are left out, by their place in the schedule, from 1. */
  readonly without?: ReadonlySet<number> | undefined;
  /** Keep a line of everything that happens. */
  readonly trace?: boolean;
  /** A run in which more happens is broken off as one that never comes to rest. */
  readonly maxEvents?: number;
}

/** How a run ended. */
export interface SimulationResult {
  readonly seed: number;
  /** Nothing is wrong: the checker is content, and so are the simulation's own rules. */
  readonly clean: boolean;
  readonly verdict: Verdict;
  /** What the simulation itself found, besides the checker. */
  readonly complaints: readonly string[];
  /** The same for two runs only if everything was the same. */
  readonly hash: string;
  /** What was done to the platform, and when. */
  readonly schedule: readonly string[];
  readonly trace: readonly string[];
  readonly events: number;
  /** Simulated, ms. */
  readonly lastedMs: number;
}

/** Everything that was under way has come about after this time without trouble: 33 s until a half-open socket is noticed, and a reconnect. The audit of all routes (60 s) is left out of account, so that it hides nothing. */
const PATIENCE_MS = 45_000;
/** A doubled delivery would come with the next repair or heartbeat, ms. */
const AFTERMATH_MS = 2_500;
/** Between two looks whether all is done, ms. */
const LOOK_MS = 100;
const ROOMS = ['team:1', 'team:2', 'lobby'];
/** Rooms where nobody is, in both partitions. */
const ELSEWHERE = ['elsewhere:1', 'elsewhere:2', 'elsewhere:3', 'elsewhere:4'];
/** Share of runs with messages of long ago. */
const PAST = 0.2;
/** Share of these in which workers have been through them, and Redis has lost everything since. */
const CONSUMED = 0.5;
/** How long before the platform starts these read something for the last time, ms. */
const RECENT_MS = 120_000;
/** By how much workers may come later than gateways where Redis has lost everything before, ms. */
const WORKERS_LATE_MS = 1_500;
/** Time the platform has to start before the first client comes, ms. */
const START_MS = 300;

/** Fifty times what the busiest runs have: one that turns in circles ends with its seed instead of with the memory. */
const MAX_EVENTS = 500_000;

/** Runs one seed. The real programs and SDK, on simulated time, network, Kafka and Redis. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const world = new World(options);
  const strays: string[] = [];
  const onStray = (error: unknown): void =>
    void strays.push(`unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onStray);
  try {
    await withoutRealWorld(
      (fn) => void world.time.after(0, fn),
      () => world.live(),
    );
    // Rejections nobody handles are told when the loop comes round.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', onStray);
  }
  return world.result(strays);
}

class World {
  readonly time = new VirtualTime();
  readonly #options: SimulationOptions;
  readonly #journal: Journal;
  readonly #dice: Dice;
  readonly #network: Network;
  readonly #kafka: SimKafka;
  readonly #redis: SimRedis;
  readonly #platform: Platform;
  #crowd: Crowd | undefined;
  #trouble: Troublemaker | undefined;
  #nextLook = 0;
  #contentSince: number | undefined;
  #lastedMs = 0;
  #wrongValues: readonly string[] = [];
  #restless = false;
  /** Redis had lost everything before. */
  #forgot = false;
  /** When the programs are started. */
  #beganAt = 0;
  #past: readonly PastMessage[] = [];
  #pastWrites: readonly PastWrite[] = [];

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#journal = new Journal(options.trace === true);
    this.#dice = new Dice(seededRandom(options.seed));
    const { time } = this;
    const shared = { time, dice: this.#dice, journal: this.#journal };
    const server = new SimProcess('stores', time, 0);
    this.#network = new Network(shared);
    this.#kafka = new SimKafka({ ...shared, server }, seededRandom(options.seed + 1));
    this.#redis = new SimRedis({ ...shared, server });
    this.#platform = new Platform({
      ...shared,
      kafka: this.#kafka,
      redis: this.#redis,
      network: this.#network,
      planted: options.planted,
    });
  }

  async live(): Promise<void> {
    const { time } = this;
    const dice = this.#dice;
    const epoch = await this.#platform.prepare();
    const hasPast = dice.chance(PAST);
    if (hasPast) void this.#publishPast(epoch);
    this.#beganAt = hasPast ? PAST_MS : 0;
    time.after(this.#beganAt, () => this.#start());
    await time.run(() => this.#isOver());
    this.#lastedMs = time.now - this.#beganAt;
    this.#wrongValues = this.#crowd?.wrongValues ?? [];
    this.#crowd?.close();
  }

  async #publishPast(epoch: string): Promise<void> {
    const { cluster } = this.#kafka;
    const log = { cluster, topic: NAMES.topics.messages, epoch, partitions: PARTITIONS };
    this.#past = await publishPast(log, { rooms: [QUIET_ROOM, ...ROOMS, ...ELSEWHERE] }, this.#dice);
    this.#pastWrites = await writePast(log, { room: BOARD, keys: BOARD_KEYS }, this.#dice);
    this.#forgot = this.#dice.chance(CONSUMED);
    if (!this.#forgot) return;
    // So long after that workers, who measure from what they read last, do not come back to it.
    const { clock } = this.#platform.process('past');
    await clock.sleep(PAST_MS - RECENT_MS);
    const recent = await publishPast(log, { rooms: ELSEWHERE, author: 'recently' }, this.#dice);
    this.#past = [...this.#past, ...recent];
    await consumePast(log, NAMES.groups.chat, clock);
  }

  #start(): void {
    const dice = this.#dice;
    for (let count = dice.whole(1, 3); count > 0; count -= 1) this.#platform.startGateway();
    const startWorker = (): void => void this.#platform.startWorker();
    for (let count = dice.whole(1, 2); count > 0; count -= 1) {
      // The first clients may come before anybody has written what Redis lost.
      if (this.#forgot) this.time.after(dice.between(0, WORKERS_LATE_MS), startWorker);
      else startWorker();
    }
    const spanMs = dice.between(1_500, 8_000);
    this.time.after(START_MS, () => this.#begin(spanMs));
  }

  result(strays: readonly string[]): SimulationResult {
    const history = this.#crowd?.history ?? [];
    const verdict = judge(history);
    const complaints = [...(this.#crowd?.complaints ?? []), ...this.#wrongValues, ...strays];
    const unsettled = this.#crowd?.unsettled ?? [];
    if (this.#restless) complaints.push(`it did not come to rest within ${this.time.events} events`);
    if (unsettled.length > 0) complaints.push(`publishes without an outcome: ${unsettled.join(', ')}`);
    // With rules nothing proves what a short history has trimmed.
    const mayForget = this.#forgot || this.#trouble?.forgot === true || this.#platform.moderated;
    if (verdict.counts.continuityLost > 0 && !mayForget)
      complaints.push('a client was told of a hole although nothing had been forgotten');
    return {
      seed: this.#options.seed,
      clean: verdict.clean && complaints.length === 0,
      verdict,
      complaints,
      hash: this.#journal.hash,
      schedule: this.#trouble?.lines ?? [],
      trace: this.#journal.lines,
      events: this.time.events,
      lastedMs: this.#lastedMs,
    };
  }

  #begin(spanMs: number): void {
    const { time } = this;
    const dice = this.#dice;
    const shared = { time, dice, journal: this.#journal, network: this.#network, platform: this.#platform };
    const rooms = ROOMS.slice(0, dice.whole(1, 3));
    const size = {
      clients: dice.whole(2, 4),
      rooms,
      messages: dice.whole(4, 14),
      spanMs,
      board: dice.chance(0.4),
      posters: dice.chance(0.3) ? dice.whole(1, 2) : 0,
      latecomers: this.#beganAt > 0 ? dice.whole(1, 3) : 0,
      past: this.#past,
      pastWrites: this.#pastWrites,
    };
    const crowd = new Crowd({ ...shared, planted: this.#options.planted }, size);
    this.#crowd = crowd;
    const count = dice.chance(0.1) ? 0 : dice.whole(1, 5);
    const { troubles: only, without } = this.#options;
    const plan = schedule(dice, { from: 100, to: spanMs + 1_500, count }, { only, without });
    this.#trouble = new Troublemaker({ ...shared, kafka: this.#kafka, redis: this.#redis, crowd }, plan);
  }

  #isOver(): boolean {
    this.#restless = this.time.events > (this.#options.maxEvents ?? MAX_EVENTS);
    if (this.#restless) return true;
    if (this.time.now < this.#nextLook) return false;
    this.#nextLook = this.time.now + LOOK_MS;
    const crowd = this.#crowd;
    const trouble = this.#trouble;
    if (crowd === undefined || trouble === undefined || !trouble.calm) return false;
    const quietSince = Math.max(trouble.calmSince, crowd.lastSentAt);
    if (this.time.now - quietSince > PATIENCE_MS) return true;
    if (!crowd.content) {
      this.#contentSince = undefined;
      return false;
    }
    this.#contentSince ??= this.time.now;
    return this.time.now - this.#contentSince > AFTERMATH_MS;
  }
}

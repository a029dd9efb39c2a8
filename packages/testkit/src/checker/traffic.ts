import { seededRandom, systemClock, type Clock, type Random } from '@chatplatform/runtime';
import type { History } from './history.ts';
import { judge } from './judge.ts';
import { latencyOf, type Latency } from './latency.ts';
import { Recorder } from './recorder.ts';
import { sdkClient, type TrafficClient, type TrafficRoom } from './traffic-client.ts';
import type { Verdict } from './verdict.ts';

/** Something done to the platform while messages flow. */
export interface Disturbance {
  readonly name: string;
  /** Share of the messages sent when it happens, 0 to 1. */
  readonly at: number;
  run(): Promise<void>;
}

export interface TrafficOptions {
  readonly url: string;
  readonly token: (user: string) => Promise<string>;
  readonly clients: number;
  readonly rooms: number;
  /** Messages in all; at most so many with `until`. */
  readonly messages: number;
  /** Ends the traffic when it resolves, with fewer messages: what was sent until then is settled and judged. */
  readonly until?: Promise<void>;
  /** Decides who is in which room, who says what when, and how long it is. */
  readonly seed: number;
  /** Publishes per second of one client; 8 stays below the default limit of 10 per user. */
  readonly rate?: number;
  readonly disturbances?: readonly Disturbance[];
  /** How long nothing may move at the end before the rest counts as lost. */
  readonly settleMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly clock?: Clock;
  /** Makes one client; the SDK when absent. */
  readonly connect?: (user: string) => TrafficClient;
}

export interface Progress {
  readonly sent: number;
  /** Publishes with an outcome. */
  readonly settled: number;
  readonly received: number;
}

export interface TrafficResult {
  readonly verdict: Verdict;
  readonly history: History;
  /** Publishes without any outcome when the run ended. A clean verdict with these is no success. */
  readonly unsettled: number;
  /** Lost connections, all clients together. */
  readonly reconnects: number;
  readonly seconds: number;
  /** Publish to ack. */
  readonly ack: Latency;
  /** Publish to delivery, every member. */
  readonly delivery: Latency;
}

const ROOMS_PER_CLIENT = 2;
const DEFAULT_RATE = 8;
/** Longer than any single recovery: a dead gateway is noticed after 33 s of silence at the latest. */
const SETTLE_MS = 60_000;
/** A doubled delivery would come with the next repair, not after the last message at once. */
const GRACE_MS = 1000;
const PROGRESS_MS = 5000;
const LOOK_MS = 50;
/** Messages a client has under way at most: far below the outbox's thousand, above a few seconds of outage. */
const MAX_UNDER_WAY = 100;
/** Characters of filling: most messages are short, some are not. */
const MAX_FILL = 400;

/** Runs N clients against a platform, then judges what they saw. The same seed makes the same traffic. */
export async function runTraffic(options: TrafficOptions): Promise<TrafficResult> {
  const run = new TrafficRun(options);
  try {
    await run.connectAll();
    await run.exchange();
    await run.settle();
  } finally {
    run.close();
  }
  return run.result();
}

interface Member {
  readonly name: string;
  readonly client: TrafficClient;
  readonly random: Random;
  readonly rooms: { readonly name: string; readonly room: TrafficRoom; readonly got: Set<string> }[];
  underWay: number;
}

class TrafficRun {
  readonly #options: TrafficOptions;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #members: Member[] = [];
  /** Tag to payload and time of sending. */
  readonly #sent = new Map<string, { text: string; at: number }>();
  /** Tags known to be in the log, by room. */
  readonly #logged = new Map<string, Set<string>>();
  readonly #disturbed: Promise<void>[] = [];
  readonly #acks: number[] = [];
  readonly #deliveries: number[] = [];
  readonly #began: number;
  readonly #ended: Promise<void> | undefined;
  #settled = 0;
  #reconnects = 0;
  #lastMove: number;
  #silent = false;
  #closed = false;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#recorder = new Recorder(this.#clock);
    this.#began = this.#clock.monotonic();
    this.#lastMove = this.#began;
    this.#ended = options.until?.then(() => {
      this.#silent = true;
    });
  }

  /** Everybody is in their rooms before the first message, so every message is owed to every member. */
  async connectAll(): Promise<void> {
    const { clients, rooms, seed, url, token } = this.#options;
    const make = this.#options.connect ?? ((user: string) => sdkClient(url, () => token(user)));
    const random = seededRandom(seed);
    const joins: Promise<void>[] = [];
    for (let index = 0; index < clients; index += 1) {
      const name = `c${index}`;
      const client = make(`checker-${name}`);
      client.onDisconnect(() => {
        this.#reconnects += 1;
      });
      const member: Member = { name, client, random: seededRandom(seed + 1 + index), rooms: [], underWay: 0 };
      this.#members.push(member);
      for (const room of roomsOf(index, rooms, random))
        joins.push(this.#join(member, `check:${seed}-${room}`));
    }
    await Promise.all(joins);
  }

  async exchange(): Promise<void> {
    const { messages, clients } = this.#options;
    const progress = this.#reportProgress();
    try {
      const share = (index: number): number =>
        Math.floor(messages / clients) + (index < messages % clients ? 1 : 0);
      await Promise.all(this.#members.map((member, index) => this.#talk(member, share(index))));
      await Promise.all(this.#disturbed);
    } finally {
      progress.cancel();
    }
  }

  /** Waits until every publish has an outcome and everybody has everything, or nothing moves any more. */
  async settle(): Promise<void> {
    const patience = this.#options.settleMs ?? SETTLE_MS;
    this.#lastMove = this.#clock.monotonic();
    while (!this.#isComplete() && this.#clock.monotonic() - this.#lastMove < patience)
      await this.#clock.sleep(LOOK_MS);
    await this.#clock.sleep(Math.min(GRACE_MS, patience));
  }

  close(): void {
    this.#closed = true;
    for (const member of this.#members) member.client.close();
  }

  result(): TrafficResult {
    const { history } = this.#recorder;
    return {
      history,
      verdict: judge(history),
      unsettled: this.#sent.size - this.#settled,
      reconnects: this.#reconnects,
      seconds: (this.#clock.monotonic() - this.#began) / 1000,
      ack: latencyOf(this.#acks),
      delivery: latencyOf(this.#deliveries),
    };
  }

  async #join(member: Member, name: string): Promise<void> {
    const room = await member.client.join(name);
    const got = new Set<string>();
    const at = { client: member.name, room: name };
    member.rooms.push({ name, room, got });
    this.#recorder.add({ kind: 'joined', ...at });
    room.onMessage((message) => {
      if (this.#closed) return;
      const tag = this.#readTag(message.data);
      this.#recorder.add({ kind: 'received', ...at, tag, cid: message.cid, id: message.id });
      if (tag === '') return;
      got.add(tag);
      this.#knownIn(name).add(tag);
      this.#lastMove = this.#clock.monotonic();
      this.#deliveries.push(this.#lastMove - (this.#sent.get(tag)?.at ?? 0));
    });
    room.onContinuityLost((reason) => this.#recorder.add({ kind: 'continuity-lost', ...at, reason }));
  }

  async #talk(member: Member, count: number): Promise<void> {
    const gap = 1000 / (this.#options.rate ?? DEFAULT_RATE);
    for (let number = 1; number <= count; number += 1) {
      await this.#pause(gap * 2 * member.random.next());
      while (member.underWay >= MAX_UNDER_WAY && !this.#silent) await this.#clock.sleep(LOOK_MS);
      this.#options.signal?.throwIfAborted();
      if (this.#silent) return;
      this.#publish(member, `${member.name}/${number}`);
      this.#disturbIfDue();
    }
  }

  /** Sleeps, but not beyond the end of the traffic. */
  async #pause(ms: number): Promise<void> {
    const sleeping = this.#clock.sleep(ms);
    await (this.#ended === undefined ? sleeping : Promise.race([sleeping, this.#ended]));
  }

  #publish(member: Member, tag: string): void {
    const target = member.rooms[
      Math.floor(member.random.next() * member.rooms.length)
    ] as Member['rooms'][number];
    const data = { tag, fill: tag.repeat(100).slice(0, Math.floor(member.random.next() ** 3 * MAX_FILL)) };
    const began = this.#clock.monotonic();
    const at = { client: member.name, room: target.name, tag };
    this.#sent.set(tag, { text: JSON.stringify(data), at: began });
    this.#recorder.add({ kind: 'sent', ...at });
    member.underWay += 1;
    void this.#outcome(target.room.publish(data), { member, at, began });
  }

  async #outcome(
    publishing: ReturnType<TrafficRoom['publish']>,
    about: { member: Member; at: { client: string; room: string; tag: string }; began: number },
  ): Promise<void> {
    const { member, at, began } = about;
    try {
      const ack = await publishing;
      this.#recorder.add({ kind: 'acked', ...at, cid: ack.cid, id: ack.id, dup: ack.dup });
      this.#knownIn(at.room).add(at.tag);
      this.#acks.push(this.#clock.monotonic() - began);
    } catch (error) {
      // After the run the clients are closed, which fails what is still open: that is not an outcome.
      if (this.#closed) return;
      this.#recorder.add({ kind: 'failed', ...at, reason: String(error) });
    }
    this.#settled += 1;
    member.underWay -= 1;
    this.#lastMove = this.#clock.monotonic();
  }

  #disturbIfDue(): void {
    const due = this.#options.disturbances ?? [];
    const next = due[this.#disturbed.length];
    if (next === undefined || this.#sent.size < next.at * this.#options.messages) return;
    const running = next.run();
    // Awaited at the end of the traffic, where its failure fails the run; until then it is not unhandled.
    running.catch(() => undefined);
    this.#disturbed.push(running);
  }

  #readTag(data: unknown): string {
    const tag = (data as { tag?: unknown } | null)?.tag;
    if (typeof tag !== 'string') return '';
    return this.#sent.get(tag)?.text === JSON.stringify(data) ? tag : '';
  }

  #knownIn(room: string): Set<string> {
    let known = this.#logged.get(room);
    if (known === undefined) this.#logged.set(room, (known = new Set()));
    return known;
  }

  #isComplete(): boolean {
    if (this.#settled < this.#sent.size) return false;
    return this.#members.every((member) =>
      member.rooms.every(({ name, got }) => got.size >= (this.#logged.get(name)?.size ?? 0)),
    );
  }

  #reportProgress(): { cancel(): void } {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return { cancel: () => undefined };
    const tell = (): void => {
      onProgress({ sent: this.#sent.size, settled: this.#settled, received: this.#deliveries.length });
      timer = this.#clock.setTimeout(tell, PROGRESS_MS);
    };
    let timer = this.#clock.setTimeout(tell, PROGRESS_MS);
    return { cancel: () => timer.cancel() };
  }
}

/** Neighbours share rooms so that each room has about the same number of members; the second room is drawn. */
function roomsOf(index: number, rooms: number, random: Random): number[] {
  const chosen = new Set([index % rooms]);
  while (chosen.size < Math.min(ROOMS_PER_CLIENT, rooms)) chosen.add(Math.floor(random.next() * rooms));
  return [...chosen];
}

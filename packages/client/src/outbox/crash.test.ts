import { ManualClock, seededRandom } from '@chatplatform/runtime';
import * as fc from 'fast-check';
import { parseCid } from '@chatplatform/protocol/light';
import type { ChatClient } from '../chat-client.ts';
import type { Clock } from '../clock.ts';
import { connect } from '../connect.ts';
import type { SocketHandlers, Transport } from '../connection/transport.ts';
import { ModelPlatform, NO_FAULTS, type Faults } from '../testing/model-platform.ts';
import { SimulatedDisk, type DiskOutbox } from '../testing/simulated-disk.ts';

const ROOMS = ['lobby', 'team:1'];
const TABS = 3;

/** A page that can be killed: from then on nothing of it happens, but what it has sent is on its way. */
class Page {
  readonly client: ChatClient;
  readonly #clock: ManualClock;
  readonly #outbox: DiskOutbox;
  #dead = false;
  #socket: { close(code: number, reason: string): void } | undefined;

  constructor(platform: ModelPlatform, clock: ManualClock, disk: SimulatedDisk, seed: number) {
    this.#clock = clock;
    this.#outbox = disk.open();
    this.client = connect({
      url: 'ws://model',
      token: 'ann',
      transport: this.#transport(platform.transport),
      clock: this.#mortalClock(clock),
      random: seededRandom(seed),
      outbox: this.#outbox,
      wakes: () => () => undefined,
    });
  }

  get inst(): string {
    return this.#outbox.inst;
  }

  crash(): void {
    this.#dead = true;
    this.#outbox.crash();
    // The platform notices a while later; until then it takes what was sent.
    const socket = this.#socket;
    this.#clock.setTimeout(() => socket?.close(1006, ''), 200);
  }

  #mortalClock(clock: ManualClock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimeout: (fn, ms) =>
        clock.setTimeout(() => {
          if (!this.#dead) fn();
        }, ms),
    };
  }

  #transport(transport: Transport): Transport {
    return (url, handlers) => {
      const mortal: SocketHandlers = {
        onOpen: () => !this.#dead && handlers.onOpen(),
        onFrame: (text) => !this.#dead && handlers.onFrame(text),
        onClose: (code, reason) => !this.#dead && handlers.onClose(code, reason),
      };
      const socket = transport(url, mortal);
      this.#socket = socket;
      return socket;
    };
  }
}

type Step =
  | { do: 'publish'; tab: number; room: number; count: number }
  | { do: 'reload'; tab: number }
  | { do: 'drain' | 'kill' }
  | { do: 'wait'; ms: number };

const tab = fc.nat(TABS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      tab,
      room: fc.nat(ROOMS.length - 1),
      count: fc.integer({ min: 1, max: 40 }),
    }),
  },
  // Often within a write or a round trip, sometimes after a reconnect.
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat(60), fc.integer({ min: 60, max: 3_000 })),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('reload' as const), tab }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drain' as const, 'kill' as const) }) },
);

const often = fc.constantFrom(0, 0.02, 0.2);
const faults: fc.Arbitrary<Faults> = fc.record({
  refuse: often,
  doubt: often,
  losePush: fc.constant(0),
  doublePush: fc.constant(0),
  cut: fc.constantFrom(0, 0.01, 0.05),
  reject: fc.constantFrom(0, 0.3),
});

class Browser {
  readonly clock = new ManualClock(1_760_000_000_000);
  readonly platform: ModelPlatform;
  readonly disk: SimulatedDisk;
  readonly pages: Page[] = [];
  readonly trouble: unknown[] = [];
  /** `cid`s of what was acknowledged, to this page or a later one. */
  readonly acknowledged = new Set<string>();
  #made = 0;
  #published = 0;

  constructor(seed: number) {
    this.platform = new ModelPlatform(this.clock, seededRandom(seed));
    this.disk = new SimulatedDisk(this.clock, seededRandom(seed + 1));
    for (let at = 0; at < TABS; at += 1) this.open(at);
  }

  open(at: number): void {
    this.pages[at]?.crash();
    this.#made += 1;
    const page = new Page(this.platform, this.clock, this.disk, this.#made);
    page.client.on('error', (error) => this.trouble.push(error));
    page.client.on('settled', ({ room, cid, error }) => {
      if (error) this.trouble.push(error);
      else this.acknowledged.add(`${room} ${cid}`);
    });
    this.pages[at] = page;
  }

  publish(at: number, room: string, count: number): void {
    const page = this.pages[at];
    if (!page) return;
    for (let n = 0; n < count; n += 1) {
      this.#published += 1;
      page.client.publish(room, this.#published).then(
        ({ cid }) => this.acknowledged.add(`${room} ${cid}`),
        (error) => this.trouble.push(error),
      );
    }
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      if (one.do === 'wait') await this.clock.advance(one.ms);
      else if (one.do === 'publish') this.publish(one.tab, ROOMS[one.room] ?? '', one.count);
      else if (one.do === 'reload') this.open(one.tab);
      else if (one.do === 'kill') this.platform.kill();
      else this.platform.drain();
    }
  }

  judge(): void {
    expect(this.trouble).toEqual([]);
    expect(this.pages.map(({ client }) => client.pending)).toEqual(this.pages.map(() => 0));
    expect(new Set(this.pages.map(({ inst }) => inst)).size).toBe(TABS);
    const stored = new Map<string, string>();
    for (const [room, log] of this.platform.logs) {
      for (const { cid, frame } of log) {
        expect(stored.has(`${room} ${cid}`)).toBe(false);
        stored.set(`${room} ${cid}`, frame);
      }
      expectOrder(log.map(({ cid }) => cid));
    }
    // Nothing that was kept is lost, and nothing that was not kept was sent.
    expect([...stored.keys()].toSorted()).toEqual([...this.disk.kept.keys()].toSorted());
    expect(this.disk.reused).toEqual([]);
    for (const key of this.acknowledged) expect(stored.has(key)).toBe(true);
    const data = [...stored.values()].map((frame) => (JSON.parse(frame) as { m: { d: unknown } }).m.d);
    expect(new Set(data).size).toBe(data.length);
  }
}

/** The numbers of each instance rise. */
function expectOrder(cids: readonly string[]): void {
  const last = new Map<string, number>();
  for (const text of cids) {
    const cid = parseCid(text);
    if (!cid) throw new Error(`"${text}" is no cid`);
    expect(cid.n).toBeGreaterThan(last.get(cid.inst) ?? 0);
    last.set(cid.inst, cid.n);
  }
}

describe('pages that share a disk, reloaded or crashed at any moment', () => {
  test('lose nothing that was kept, double nothing, and keep the order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        faults,
        fc.array(step, { minLength: 5, maxLength: 25 }),
        async (seed, wrong, steps) => {
          const browser = new Browser(seed);
          Object.assign(browser.platform.faults, wrong);
          await browser.play(steps);
          Object.assign(browser.platform.faults, NO_FAULTS);
          await browser.clock.advance(60_000);
          browser.judge();
          for (const { client } of browser.pages) client.close();
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});

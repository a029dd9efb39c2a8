import { connect, type ChatClient, type Room, type Transport } from '@chatplatform/client';
import { seededRandom } from '@chatplatform/runtime';
import { Board } from './board.ts';
import { Recorder } from '../checker/recorder.ts';
import type { History } from '../checker/index.ts';
import { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { Network } from './network.ts';
import type { PlantedFault } from './planted/planted-fault.ts';
import type { Platform } from './platform.ts';
import { noteOf, type PastMessage, type PastWrite } from './past.ts';
import { Poster, type Ledger } from './poster.ts';
import type { SimProcess } from './sim-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How many do how much. */
export interface CrowdSize {
  readonly clients: number;
  readonly rooms: readonly string[];
  /** Publishes of each client. */
  readonly messages: number;
  /** Time in which they publish, ms. */
  readonly spanMs: number;
  /** They have a latest-value room, too. */
  readonly board: boolean;
  /** Programs that publish as many by HTTP. */
  readonly posters: number;
  /** Clients that come at some time, want everything from the beginning, and publish nothing. */
  readonly latecomers: number;
  /** What was published before any of them came. */
  readonly past: readonly PastMessage[];
  /** What was written on the board before. */
  readonly pastWrites: readonly PastWrite[];
}

/** Where nobody has published for a long time. */
export const QUIET_ROOM = 'archive';

interface CrowdParts {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly journal: Journal;
  readonly network: Network;
  readonly platform: Platform;
  readonly planted: PlantedFault | undefined;
}

interface Membership {
  readonly client: string;
  readonly room: Room;
  /** Position it began after; undefined = with what is sent from now on. */
  from: string | undefined;
  /** Place in the history at which it began. */
  since: number;
  /** Tags it got in this stay. */
  readonly got: Set<string>;
}

/** A message that is known to be in the log. */
interface Logged {
  readonly sentAt: number;
  id: string | undefined;
}

/** Latecomers come until so long after the last publish, ms. */
const LATE_MS = 3_000;
/** Writes to the board, for each message. */
const WRITES = 0.5;

/** Clients with the real SDK: they join, publish, leave and come back, and write down what they see. */
export class Crowd {
  readonly processes: SimProcess[] = [];
  /** What no client may ever meet. */
  readonly complaints: string[] = [];
  readonly #parts: CrowdParts;
  readonly #recorder: Recorder;
  readonly #memberships = new Set<Membership>();
  readonly #actors: Actor[] = [];
  readonly #board: Board;
  readonly #sent = new Map<string, number>();
  readonly #open = new Set<string>();
  readonly #logged = new Map<string, Map<string, Logged>>();
  #acting = 0;
  #lastSentAt = 0;
  #closed = false;

  constructor(parts: CrowdParts, size: CrowdSize) {
    this.#parts = parts;
    this.#recorder = new Recorder(parts.platform.process('recorder').clock);
    this.#board = new Board(size.pastWrites);
    noteOf(size.past, this.#ledger);
    for (let index = 0; index < size.clients; index += 1) this.#start(`c${index}`, size);
    for (let index = 0; index < size.latecomers; index += 1) this.#startLate(`l${index}`, size);
    for (let index = 0; index < size.posters; index += 1) this.#startPosting(`p${index}`, size);
  }

  get history(): History {
    return this.#recorder.history;
  }

  /** When the last message was published, ms. */
  get lastSentAt(): number {
    return this.#lastSentAt;
  }

  /** Publishes without an outcome. */
  get unsettled(): readonly string[] {
    return [...this.#open];
  }

  /** Everybody has done what they wanted, and has what they are owed. */
  get content(): boolean {
    if (this.#acting > 0 || this.#open.size > 0 || !this.#board.content) return false;
    for (const stay of this.#memberships) {
      for (const [tag, message] of this.#logged.get(stay.room.name) ?? []) {
        if (!stay.got.has(tag) && isOwed(stay, message)) return false;
      }
    }
    return true;
  }

  /** What is wrong with the values that members see in the end. */
  get wrongValues(): readonly string[] {
    return [...this.#board.complaints, ...this.#board.differences];
  }

  /** Every member publishes `count` messages in a moment. */
  burst(count: number): void {
    for (const actor of this.#actors) {
      for (let left = count; left > 0; left -= 1) this.#speak(actor);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { client } of this.#actors) client.close();
  }

  #start(name: string, size: CrowdSize): void {
    const actor = this.#actor(name);
    this.#acting += 1;
    actor.process.later(actor.dice.between(0, 500), () => {
      void this.#act(actor, size).finally(() => {
        this.#acting -= 1;
      });
    });
  }

  #startLate(name: string, size: CrowdSize): void {
    const actor = this.#actor(name);
    this.#acting += 1;
    actor.process.later(actor.dice.between(0, size.spanMs + LATE_MS), () => {
      for (const room of [QUIET_ROOM, ...size.rooms]) this.#join(actor, room, '');
      if (size.board) this.#board.join(actor.name, actor.client);
      this.#acting -= 1;
    });
  }

  #actor(name: string): Actor {
    const { dice, platform, network, planted } = this.#parts;
    const process = platform.process(name);
    this.processes.push(process);
    const own = new Dice(seededRandom(Math.floor(dice.random.next() * 2 ** 32)));
    const way: Transport = (_url, handlers) => network.dial(process, handlers);
    const client = connect({
      url: 'ws://platform',
      token: name,
      transport: planted?.transport?.(way, { process, dice }) ?? way,
      clock: process.clock,
      random: own.random,
      wakes: () => () => undefined,
    });
    client.on('error', (error) => this.complaints.push(`${name}: ${error.code}: ${error.message}`));
    const actor: Actor = { name, client, process, dice: own, stays: [], said: 0 };
    this.#actors.push(actor);
    return actor;
  }

  #startPosting(name: string, size: CrowdSize): void {
    const { platform, network, dice } = this.#parts;
    const own = new Dice(seededRandom(Math.floor(dice.random.next() * 2 ** 32)));
    const poster = new Poster({
      name,
      process: platform.process(name),
      network,
      dice: own,
      ledger: this.#ledger,
    });
    this.#acting += 1;
    void poster.post(size).finally(() => {
      this.#acting -= 1;
    });
  }

  async #act(actor: Actor, size: CrowdSize): Promise<void> {
    const { dice, process } = actor;
    const rooms = size.rooms.filter((_, at) => at === 0 || dice.chance(0.7));
    actor.stays = rooms.map((room) => this.#join(actor, room, dice.chance(0.3) ? '' : undefined));
    if (size.latecomers > 0) this.#join(actor, QUIET_ROOM, dice.chance(0.3) ? '' : undefined);
    if (size.board) this.#board.join(actor.name, actor.client);
    for (let left = size.messages; left > 0; left -= 1) {
      await process.clock.sleep(dice.between(0, (2 * size.spanMs) / size.messages));
      if (size.board && dice.chance(WRITES)) this.#board.write(actor.name, dice);
      const target = this.#speak(actor);
      if (target !== undefined && dice.chance(0.04)) {
        this.#leave(target);
        const from = target.room.position;
        actor.stays = actor.stays.map((stay) =>
          stay === target ? this.#join(actor, target.room.name, from) : stay,
        );
      }
    }
  }

  /** Publishes the next message in one of the rooms it is in. */
  #speak(actor: Actor): Membership | undefined {
    const target = actor.dice.pick(actor.stays);
    if (target === undefined) return undefined;
    actor.said += 1;
    this.#publish(actor, target, `${actor.name}/${actor.said}`);
    return target;
  }

  #join(actor: Actor, name: string, from: string | undefined): Membership {
    const at = { client: actor.name, room: name };
    const options = from === undefined ? { limit: 0 } : { from };
    const room = actor.client.join(name, { ...options, classes: ['msg'] });
    const stay: Membership = { client: actor.name, room, from, since: 0, got: new Set() };
    const begin = (head: string | undefined): void => {
      stay.since = this.history.length;
      this.#recorder.add({ kind: 'joined', ...at, head });
      this.#memberships.add(stay);
    };
    if (from === undefined) {
      void room.ready.then(
        () => begin(undefined),
        () => undefined,
      );
    } else {
      begin(from);
    }
    room.on('message', (message) => {
      if (this.#closed) return;
      const tag = typeof message.data === 'string' ? message.data : '';
      this.#recorder.add({ kind: 'received', ...at, tag, cid: message.cid, id: message.id });
      stay.got.add(tag);
      this.#inLog(name, tag, message.id);
    });
    room.on('continuity', ({ reason }) => {
      // What was sent before is no longer owed, whatever position the stay began after.
      stay.from = undefined;
      stay.since = this.history.length;
      this.#recorder.add({ kind: 'continuity-lost', ...at, reason });
    });
    room.on('closed', ({ error }) => {
      if (error !== undefined && !this.#closed)
        this.complaints.push(`${actor.name} in ${name}: ${error.message}`);
    });
    return stay;
  }

  #leave(stay: Membership): void {
    this.#memberships.delete(stay);
    this.#recorder.add({ kind: 'left', client: stay.client, room: stay.room.name });
    stay.room.leave();
  }

  #publish(actor: Actor, { room }: Membership, tag: string): void {
    const at = { client: actor.name, room: room.name, tag };
    this.#ledger.sent(at);
    // A room that was left meanwhile takes messages all the same.
    room.publish(tag).then(
      (ack) => this.#ledger.acked(at, ack),
      (error: unknown) => this.#ledger.failed(at, String(error)),
    );
  }

  /** What is written down of every publish, whichever way it takes. */
  readonly #ledger: Ledger = {
    sent: (at) => {
      this.#recorder.add({ kind: 'sent', ...at });
      this.#sent.set(at.tag, this.history.length - 1);
      this.#open.add(at.tag);
      this.#lastSentAt = this.#parts.time.now;
    },
    acked: (at, { cid, id, dup }) => {
      this.#open.delete(at.tag);
      this.#recorder.add({ kind: 'acked', ...at, cid, id, dup });
      this.#inLog(at.room, at.tag, id);
    },
    failed: (at, reason) => {
      if (this.#closed) return;
      this.#open.delete(at.tag);
      this.#recorder.add({ kind: 'failed', ...at, reason });
      this.complaints.push(`${at.client}: publish of ${at.tag} failed: ${reason}`);
    },
  };

  #inLog(room: string, tag: string, id: string | undefined): void {
    const sentAt = this.#sent.get(tag);
    if (sentAt === undefined) return;
    const logged = this.#logged.get(room) ?? new Map<string, Logged>();
    this.#logged.set(room, logged);
    const known = logged.get(tag);
    if (known === undefined) logged.set(tag, { sentAt, id });
    else known.id ??= id;
  }
}

/** As the judge sees it. */
function isOwed({ from, since }: Membership, { id, sentAt }: Logged): boolean {
  return id !== undefined && from !== undefined ? id > from : sentAt >= since;
}

interface Actor {
  readonly name: string;
  readonly client: ChatClient;
  readonly process: SimProcess;
  readonly dice: Dice;
  stays: readonly Membership[];
  said: number;
}

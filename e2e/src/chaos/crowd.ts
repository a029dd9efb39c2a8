import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Deferred } from '@chatplatform/runtime';
import type { TrafficClient, TrafficMessage, TrafficRoom } from '@chatplatform/testkit';
import type { Heard, HostOptions, HostOrder, HostReport } from './host-talk.ts';

/** Clients of one process: more would let them wait for each other and be mistaken for a slow platform. */
const CLIENTS_PER_HOST = 500;

type Ack = Awaited<ReturnType<TrafficRoom['publish']>>;

/**
 * Clients in processes of their own, driven and recorded by this one. What a client saw arrives here in the order in
 * which it saw it, which is all that the checker goes by. They stay connected from round to round.
 */
export class Crowd {
  readonly #options: HostOptions;
  readonly #hosts: Host[] = [];
  readonly #members: CrowdMember[] = [];
  /** Clients without a connection now. */
  readonly away = new Set<number>();
  /** Clients that lost a connection since this was cleared. */
  readonly lost = new Set<number>();

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** @throws when a process full of clients has ended by itself: nobody would hear of its clients again */
  check(): void {
    for (const host of this.#hosts) host.check();
  }

  /** Publishes that were handed to the clients so far. */
  get published(): number {
    return this.#hosts.reduce((sum, host) => sum + host.published, 0);
  }

  get size(): number {
    return this.#members.length;
  }

  /** One more client, connecting at once. */
  add(user: string): void {
    const number = this.#members.length;
    if (number % CLIENTS_PER_HOST === 0) {
      this.#hosts.push(new Host(this.#options, (entry) => this.#hear(entry)));
    }
    const member = new CrowdMember(number, this.#hosts.at(-1) as Host);
    this.#members.push(member);
    this.away.add(number);
    member.host.tell({ open: [number, user] });
  }

  /** A client for one round: it is connected already, and closing it leaves the rooms that it joined. */
  guest(number: number): Guest {
    const member = this.#members[number];
    if (member === undefined)
      throw new Error(`there are ${this.size} clients, none has the number ${number}`);
    return new Guest(member);
  }

  /** Ends the processes with all their clients. */
  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.close()));
  }

  #hear(entry: HostReport): void {
    if ('connected' in entry) this.away.delete(entry.connected);
    else if ('disconnected' in entry) {
      this.away.add(entry.disconnected);
      this.lost.add(entry.disconnected);
      this.#members[entry.disconnected]?.onDisconnect?.();
    } else if ('message' in entry) {
      const [client, room, id, cid, data] = entry.message;
      this.#members[client]?.rooms.get(room)?.onMessage?.({ id, cid, data });
    } else if ('joined' in entry) {
      this.#members[entry.joined[0]]?.rooms.get(entry.joined[1])?.ready.resolve();
    } else this.#hearTrouble(entry);
  }

  #hearTrouble(entry: HostReport): void {
    if ('lost' in entry) {
      const [client, room, reason] = entry.lost;
      this.#members[client]?.rooms.get(room)?.onLost?.(reason);
    } else if ('refused' in entry) {
      const [client, room, reason] = entry.refused;
      this.#members[client]?.rooms.get(room)?.ready.reject(new Error(reason));
    } else if ('ended' in entry) {
      // What it had not sent yet fails, which the run counts; without anything open it would stay unseen.
      process.stderr.write(`client ${entry.ended} ended: ${entry.reason}\n`);
    }
  }
}

interface RemoteRoom {
  readonly ready: Deferred;
  onMessage?: (message: TrafficMessage) => void;
  onLost?: (reason: string) => void;
}

/** A client, for as long as its process lives. */
class CrowdMember {
  readonly number: number;
  readonly host: Host;
  readonly rooms = new Map<number, RemoteRoom>();
  onDisconnect?: () => void;
  #joined = 0;

  constructor(number: number, host: Host) {
    this.number = number;
    this.host = host;
  }

  /** @returns the number of the room among all that this client ever joined */
  async join(name: string, heard: Heard): Promise<number> {
    const room: RemoteRoom = { ready: new Deferred() };
    const index = (this.#joined += 1);
    this.rooms.set(index, room);
    this.host.tell({ join: [this.number, index, name, heard] });
    await room.ready.promise;
    return index;
  }

  leave(index: number): void {
    this.rooms.delete(index);
    this.host.tell({ leave: [this.number, index] });
  }
}

/** What a round has of a client. */
export class Guest implements TrafficClient {
  readonly #member: CrowdMember;
  readonly #joined: number[] = [];
  #onDisconnect: (() => void) | undefined;

  constructor(member: CrowdMember) {
    this.#member = member;
  }

  async join(name: string, heard: Heard = 'all'): Promise<TrafficRoom> {
    const { host, number, rooms } = this.#member;
    const index = await this.#member.join(name, heard);
    this.#joined.push(index);
    const room = rooms.get(index) as RemoteRoom;
    return {
      publish: (data) => host.publish(number, index, data),
      onMessage: (listener) => void (room.onMessage = listener),
      onContinuityLost: (listener) => void (room.onLost = listener),
    };
  }

  onDisconnect(listener: () => void): void {
    this.#onDisconnect = listener;
    this.#member.onDisconnect = listener;
  }

  close(): void {
    if (this.#onDisconnect === this.#member.onDisconnect) delete this.#member.onDisconnect;
    for (const index of this.#joined.splice(0)) this.#member.leave(index);
  }
}

/** One process full of clients. */
class Host {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, Deferred<Ack>>();
  readonly #gone: Promise<void>;
  #orders: HostOrder[] = [];
  #closing = false;
  #ended: string | undefined;
  /** Also the number of the last request. */
  published = 0;

  constructor(options: HostOptions, hear: (entry: HostReport) => void) {
    this.#child = fork(join(import.meta.dirname, 'client-host.ts'), [JSON.stringify(options)], {
      execArgv: ['--conditions=@chatplatform/source', '--disable-warning=ExperimentalWarning'],
    });
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        if (!this.#closing) this.#ended = `a process of clients ended by itself (${signal ?? code})`;
        resolve();
      });
    });
    this.#child.on('message', (batch: HostReport[]) => {
      for (const entry of batch) {
        if (!this.#settle(entry)) hear(entry);
      }
    });
  }

  tell(order: HostOrder): void {
    if (this.#orders.push(order) > 1) return;
    setImmediate(() => {
      const orders = this.#orders;
      this.#orders = [];
      if (this.#child.connected) this.#child.send(orders);
    });
  }

  publish(client: number, room: number, data: unknown): Promise<Ack> {
    const request = (this.published += 1);
    const outcome = new Deferred<Ack>();
    this.#open.set(request, outcome);
    this.tell({ publish: [request, client, room, data] });
    return outcome.promise;
  }

  check(): void {
    if (this.#ended !== undefined) throw new Error(this.#ended);
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#child.connected) this.#child.disconnect();
    await this.#gone;
  }

  /** True when it was the outcome of a publish. */
  #settle(entry: HostReport): boolean {
    if ('acked' in entry) {
      const [request, cid, dup, id] = entry.acked;
      this.#take(request)?.resolve({ cid, dup, id: id ?? undefined });
      return true;
    }
    if (!('failed' in entry)) return false;
    this.#take(entry.failed[0])?.reject(new Error(entry.failed[1]));
    return true;
  }

  #take(request: number): Deferred<Ack> | undefined {
    const outcome = this.#open.get(request);
    this.#open.delete(request);
    return outcome;
  }
}

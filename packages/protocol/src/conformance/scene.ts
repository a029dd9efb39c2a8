import type { OperationInputs } from '../client-frames.ts';
import type { HelloReply } from '../gateway-frames.ts';
import { Client } from './client.ts';
import { demand, shown } from './nonconformity.ts';
import type { DialOptions, RefusedUpgrade, Stage, TokenClaims, Wire } from './stage.ts';

/** A greeted client and what its hello brought. */
export interface Greeted {
  readonly client: Client;
  readonly hello: HelloReply;
}

/** How a client of a case comes. */
export interface Coming {
  readonly claims?: TokenClaims;
  readonly hello?: Partial<OperationInputs['hello']>;
  readonly dial?: DialOptions;
}

// The rate of new connections per address is 20 per second by default: a suite with many sockets waits its turn.
const DIAL_TRIES = 30;
const INST_LENGTH = 20;

/** What one case of the suite works with: own users, own rooms, and clients that are all ended behind it. */
export class Scene {
  readonly stage: Stage;
  readonly #name: string;
  readonly #clients: Client[] = [];

  constructor(stage: Stage, name: string) {
    this.stage = stage;
    this.#name = name;
  }

  /** A room of this case. */
  room(name = 'room'): string {
    return `${this.stage.namespaces.plain}:${this.#own(name)}`;
  }

  /** A room that keeps latest values. */
  latestRoom(): string {
    const { latest } = this.stage.namespaces;
    demand(latest !== undefined, 'the runner names no namespace of the kind latest');
    return `${latest}:${this.#own('room')}`;
  }

  /** A room of a namespace without presence. */
  quietRoom(): string {
    const { quiet } = this.stage.namespaces;
    demand(quiet !== undefined, 'the runner names no namespace without presence');
    return `${quiet}:${this.#own('room')}`;
  }

  /** A user of this case; with one token there is one user. */
  user(name: string): string {
    return this.stage.user ?? this.#own(name);
  }

  token(name: string, claims: TokenClaims = {}): Promise<string> {
    return this.stage.token(this.user(name), claims);
  }

  inst(): string {
    return this.stage.id(INST_LENGTH);
  }

  /** A client whose hello was answered. @throws Nonconformity when it is refused */
  async client(name: string, coming: Coming = {}): Promise<Greeted> {
    const client = await this.guest(name, coming.dial);
    const inst = coming.hello?.inst ?? client.inst;
    const known = new Client(client.wire, { user: client.user, inst });
    this.#clients.splice(this.#clients.indexOf(client), 1, known);
    const token = await this.token(name, coming.claims);
    const hello = await known.good('hello', { token, sdk: 'conformance', ...coming.hello, inst });
    demand(hello.user === this.user(name), `hello.user must be ${this.user(name)}, not ${hello.user}`);
    return { client: known, hello };
  }

  /** A client that has said nothing yet. */
  async guest(name = 'guest', dial: DialOptions = {}): Promise<Client> {
    for (let tries = 0; tries < DIAL_TRIES; tries += 1) {
      const wire = await this.stage.dial(dial);
      if (!isRefused(wire)) return this.adopt(wire, name);
      demand(wire.status === 429, `the upgrade was refused with HTTP ${wire.status}`);
      await this.stage.sleep((wire.retryAfter ?? 1) * 1000);
    }
    throw new Error('the rate of new connections per address let nobody in');
  }

  /** Looks after a socket that the case opened itself. */
  adopt(wire: Wire, name: string): Client {
    const client = new Client(wire, { user: this.user(name), inst: this.inst() });
    this.#clients.push(client);
    return client;
  }

  /** Publishes `count` messages (data 1..count) from a user of its own and waits until they were pushed back. */
  async seed(room: string, count: number, data: (n: number) => unknown = (n) => n): Promise<Greeted> {
    const author = await this.client('author', { hello: { rooms: { [room]: { limit: 0 } } } });
    for (let n = 1; n <= count; n += 1) author.client.publish(room, n, data(n));
    await author.client.received(room, count, 60_000);
    return author;
  }

  /** Ends every socket of the case and holds what came against the schemas. */
  end(): void {
    for (const client of this.#clients) client.wire.cut();
    for (const client of this.#clients) client.check();
  }

  #own(name: string): string {
    return `${name}-${this.stage.run}-${this.#name}`;
  }
}

/** Was the upgrade answered with a plain HTTP response? */
export function isRefused(dialled: Wire | RefusedUpgrade): dialled is RefusedUpgrade {
  return 'status' in dialled;
}

/** Demands an upgrade refused with `status` and a time to come back. */
export function demandRefused(dialled: Wire | RefusedUpgrade, status: number): void {
  demand(isRefused(dialled), `the upgrade must be refused with HTTP ${status}`);
  demand(dialled.status === status, `the upgrade must be refused with HTTP ${status}: ${shown(dialled)}`);
  demand((dialled.retryAfter ?? 0) > 0, 'the refusal must say Retry-After');
}

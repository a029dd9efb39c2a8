import type { Socket as ClientSocket, SocketHandlers } from '@chatplatform/client';
import type { Host, HttpAnswer, HttpRequest, Server } from '@chatplatform/gateway';
import { Connection, DISTANCE, type Endpoint } from './connection.ts';
import type { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { SimProcess } from './sim-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import { Pipe } from './wire.ts';

/** How long a load balancer still sends clients to a gateway that is gone, ms. */
const STALE_ENDPOINT_MS = 3_000;
/** Share of requests whose connection breaks after the gateway has them, before their answer is back. */
const ANSWERS_LOST = 0.1;

interface Parts {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly journal: Journal;
}

/** The way between clients and gateways: load balancer, sockets, and what can happen to them. */
export class Network {
  readonly #parts: Parts;
  readonly #endpoints: Endpoint[] = [];
  readonly #connections = new Set<Connection>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** How a gateway in `process` listens. */
  listenIn(process: SimProcess): Host['listen'] {
    return (options) => {
      const endpoint: Endpoint = {
        process,
        options,
        topics: new Map(),
        listening: true,
        goneAt: Infinity,
        nextId: 1,
      };
      this.#endpoints.push(endpoint);
      return Promise.resolve(this.#server(endpoint));
    };
  }

  /** Opens a connection from `client` to some gateway. */
  dial(client: SimProcess, handlers: SocketHandlers): ClientSocket {
    const endpoint = this.#balance();
    const connection = new Connection(client, handlers, endpoint, { ...this.#parts, all: this.#connections });
    connection.open();
    return connection.client;
  }

  /**
   * Carries a request from `client` to some gateway. Undefined when nothing listens there, or the answer was lost on its
   * way; of a gateway that ends meanwhile there is no answer at all.
   */
  request(client: SimProcess, request: HttpRequest): Promise<HttpAnswer | undefined> {
    const { time, dice } = this.#parts;
    const endpoint = this.#balance();
    const up = new Pipe(time, dice, DISTANCE);
    const down = new Pipe(time, dice, DISTANCE);
    const lost = dice.chance(ANSWERS_LOST);
    return new Promise((resolve) => {
      const answered = (answer: HttpAnswer | undefined): void =>
        void client.later(down.delay(), () => resolve(lost ? undefined : answer));
      if (endpoint?.listening !== true || !endpoint.process.alive) {
        answered(undefined);
        return;
      }
      const { http } = endpoint.options;
      endpoint.process.later(up.delay(), () => {
        const refused = http.refuse(request, false);
        if (refused === undefined) void http.handle(request).then(answered);
        else answered(refused);
      });
    });
  }

  /** Breaks every connection of `process` (client or gateway); both ends notice soon. */
  cut(process: SimProcess): void {
    for (const connection of this.#of(process)) connection.cut();
  }

  /** Everything on the connections of `process` vanishes from now on and no end is told. */
  blackhole(process: SimProcess): void {
    for (const connection of this.#of(process)) connection.blackholed = true;
  }

  /** The gateway process ended: its kernel, or with `silent` nobody, tells the other ends. */
  gone(process: SimProcess, silent: boolean): void {
    for (const endpoint of this.#endpoints) {
      if (endpoint.process !== process) continue;
      endpoint.listening = false;
      endpoint.goneAt = this.#parts.time.now;
    }
    if (silent) this.blackhole(process);
    else this.cut(process);
  }

  #of(process: SimProcess): Connection[] {
    return [...this.#connections].filter(
      ({ from, endpoint }) => from === process || endpoint?.process === process,
    );
  }

  /** Some gateway that listens; sometimes one that did until a moment ago. */
  #balance(): Endpoint | undefined {
    const { dice, time } = this.#parts;
    const live = this.#endpoints.filter(({ listening }) => listening);
    const stale = this.#endpoints.filter(({ goneAt }) => time.now - goneAt < STALE_ENDPOINT_MS);
    return dice.chance(0.2) ? dice.pick([...live, ...stale]) : dice.pick(live);
  }

  #server(endpoint: Endpoint): Server {
    const { time } = this.#parts;
    const leave = (): void => {
      endpoint.listening = false;
      endpoint.goneAt = Math.min(endpoint.goneAt, time.now);
    };
    return {
      port: 1,
      publish: (topic, frame) => {
        for (const socket of endpoint.topics.get(topic) ?? []) socket.send(frame);
      },
      subscribers: (topic) => endpoint.topics.get(topic)?.size ?? 0,
      // Nothing ever waits in a simulated socket.
      handed: 0,
      stopListening: leave,
      close: () => {
        leave();
        for (const connection of this.#of(endpoint.process)) connection.server?.destroy();
      },
    };
  }
}

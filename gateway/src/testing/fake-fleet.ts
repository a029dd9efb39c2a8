import { memoryKafka, type MemoryKafka } from '@chatplatform/kafka';
import { GatewayConfig, names, type GatewayConfigInput } from '@chatplatform/platform';
import { memoryRedis, type MemoryRedis } from '@chatplatform/redis';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { silentLogger, type AdminHandler } from '@chatplatform/telemetry';
import { startGateway } from '../gateway.ts';
import type { Host } from '../host.ts';
import { Lane } from '../publish/lane.ts';
import type { ServerOptions } from '../server/server.ts';
import { FakeClient } from './fake-client.ts';
import type { Door } from './fake-door.ts';
import { FakeSockets } from './fake-sockets.ts';

const PLATFORM = { namespace: 'test', name: 'fleet' };
const TOPICS = names(PLATFORM.namespace, PLATFORM.name).topics;
const DAY_MS = 86_400_000;

/** Whole gateways and thousands of clients in one process, on one clock that only the test moves. */
export class FakeFleet {
  readonly clock = new ManualClock();
  readonly random = seededRandom(7);
  readonly memory: MemoryRedis = memoryRedis({ clock: this.clock });
  readonly doors: Door[] = [];
  readonly clients: FakeClient[] = [];
  /** When clients dialled again, and why. */
  readonly redials: number[] = [];
  readonly #kafka: MemoryKafka = memoryKafka({ clock: this.clock, random: this.random });

  static async open(): Promise<FakeFleet> {
    const fleet = new FakeFleet();
    const admin = fleet.#kafka.client().admin();
    await admin.ensureTopics(
      [TOPICS.messages, TOPICS.events, TOPICS.control].map((name) => ({
        name,
        partitions: 2,
        replicationFactor: 1,
      })),
    );
    await admin.ensureEpoch(TOPICS.control);
    return fleet;
  }

  async gateway(change: Partial<GatewayConfigInput> = {}): Promise<Door> {
    const config = GatewayConfig.parse({
      platform: PLATFORM,
      kafka: { bootstrapServers: ['unused:1'] },
      redis: { endpoints: ['unused:1'] },
      auth: { issuer: 'tests', audience: 'chat', algorithms: ['HS256'], key: { file: 'unused' } },
      ...change,
    });
    const sockets = new FakeSockets();
    let options: ServerOptions | undefined;
    let routes: Record<string, AdminHandler> = {};
    const running = await startGateway(config, {
      kafka: this.#kafka.client(),
      redis: this.memory.open(),
      clock: this.clock,
      random: this.random,
      logger: silentLogger,
      host: this.#host(sockets, {
        listens: (given) => {
          options = given;
        },
        listensToAdmin: (given) => {
          routes = given;
        },
      }),
    });
    const door: Door = {
      running,
      sockets,
      options: options as ServerOptions,
      admin: async (route, body) => {
        const [method = '', path = ''] = route.split(' ');
        const request = { method, path, query: new URLSearchParams(), headers: {}, body };
        const handler = routes[route] as AdminHandler;
        return handler({ ...request, remoteAddress: '127.0.0.1', loopback: true });
      },
      count: () => this.clients.filter((client) => client.door === door).length,
    };
    this.doors.push(door);
    // Log, inbox and the first lease.
    await this.clock.advance(1000);
    return door;
  }

  /** New clients, each through some door of `doors`. */
  async crowd(
    count: number,
    options: { doors?: readonly Door[]; mbb?: boolean; room?: string } = {},
  ): Promise<FakeClient[]> {
    const { doors = this.doors, mbb = true, room } = options;
    const crowd: FakeClient[] = [];
    for (let n = 0; n < count; n += 1) {
      const client = new FakeClient(this, `user${this.clients.length}`, mbb);
      client.room = room;
      this.clients.push(client);
      crowd.push(client);
      client.connect(doors[n % doors.length]);
    }
    await this.clock.advance(1000);
    return crowd;
  }

  /** Some door that lets `client` in: what a balancer finds that knows nothing but who accepts. */
  balance(user: string): Door | undefined {
    const open = this.doors.filter(
      ({ options }) => options.admit({ remoteAddress: user, origin: '' }) === undefined,
    );
    return open[Math.floor(this.random.next() * open.length)];
  }

  /** Most redials within any `windowMs`. */
  peak(windowMs: number): number {
    const times = this.redials;
    let most = 0;
    for (let first = 0, last = 0; last < times.length; last += 1) {
      while ((times[last] as number) - (times[first] as number) >= windowMs) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  /** Ends a gateway as SIGKILL does. */
  async kill(door: Door): Promise<void> {
    this.doors.splice(this.doors.indexOf(door), 1);
    await door.running.kill();
    for (const client of this.clients) if (client.door === door) client.cutOff();
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.stop();
    await Promise.all(this.doors.map(({ running }) => running.kill()));
  }

  #host(
    sockets: FakeSockets,
    on: {
      listens: (options: ServerOptions) => void;
      listensToAdmin: (routes: Record<string, AdminHandler>) => void;
    },
  ): Host {
    return {
      listen: (options) => {
        on.listens(options);
        return Promise.resolve({
          port: 1,
          publish: (topic, frame) => sockets.publish(topic, frame),
          subscribers: (topic) => sockets.subscribers(topic),
          handed: 0,
          stopListening: () => undefined,
          close: () => undefined,
        });
      },
      listenAdmin: ({ routes = {} }) => {
        on.listensToAdmin(routes);
        return Promise.resolve({ port: 1, close: () => Promise.resolve() });
      },
      authenticate: () =>
        Promise.resolve({
          resumeKey: Buffer.alloc(32, 7),
          verifier: {
            ready: true,
            // The token is the name of the user.
            verify: (user) =>
              Promise.resolve({
                user,
                caps: { '**': ['join', 'publish', 'history', 'presence'] },
                exp: this.clock.now() + DAY_MS,
              }),
            close: () => undefined,
          },
        }),
      lane: (ports) => new Lane(ports),
      soon: (fn) => void this.clock.setTimeout(fn, 0),
      utilization: () => 0,
      processMetrics: false,
    };
  }
}

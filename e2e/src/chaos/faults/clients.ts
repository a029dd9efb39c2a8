import { FaultyProxy } from '../faulty-proxy.ts';
import { holds, sleep, type Fault } from '../fault.ts';
import { sumMetric } from '../metric.ts';
import { SLOW_CONSUMER } from './slow-consumer.ts';

/** A client notices silence after a ping's time and some grace: 33 s. */
const NOTICED_MS = 60_000;
/**
 * Of the connections: a client that has just changed to another one has two of them, and notices once. Who notices
 * nothing at all misses messages, and that the checker sees.
 */
const NOTICING = 0.9;
const SHORT_TOKEN_SECONDS = 15;
/** Four lives of a token: a client that comes late to its first one is late to its end. */
const EXPIRED_MS = 4000 * SHORT_TOKEN_SECONDS;
const DOUBLED_MS = 5000;
/** Twice, less what was under way when it was counted. */
const DOUBLED = 1.6;
/** The proxy of a run, by its platform. */
const PROXIES = new WeakMap<object, FaultyProxy>();

/** Clients that are cut off, expired or heard twice. */
export const CLIENT_FAULTS: readonly Fault[] = [
  SLOW_CONSUMER,
  {
    name: 'half-open',
    title: 'Half-open sockets: half of the connections fall silent in both directions',
    hosts: async (platform) => {
      const proxy = await FaultyProxy.start(platform.access.url);
      PROXIES.set(platform, proxy);
      return { urls: [platform.access.url, proxy.url] };
    },
    afterwards: (platform) => PROXIES.get(platform)?.close(),
    happen: async ({ platform, crowd, say }) => {
      const proxy = PROXIES.get(platform) as FaultyProxy;
      crowd.lost.clear();
      const cut = proxy.silence();
      say(`${cut} connections fell silent`);
      await holds(
        () => crowd.lost.size >= NOTICING * cut,
        NOTICED_MS,
        () => `${crowd.lost.size} of ${cut} clients noticed`,
      );
      say(`${crowd.lost.size} of ${cut} noticed`);
    },
  },
  {
    name: 'token-expiry',
    title: `Tokens of ${SHORT_TOKEN_SECONDS} s: half of the clients renew in time, the others are closed`,
    hosts: () => Promise.resolve({ tokenSeconds: SHORT_TOKEN_SECONDS, lateTokens: true }),
    happen: async ({ crowd }) => {
      const late = Math.floor(crowd.size / 2);
      crowd.lost.clear();
      await holds(
        () => crowd.lost.size >= late,
        EXPIRED_MS,
        () => `${crowd.lost.size} of ${late} clients were closed when their token ended`,
      );
    },
  },
  {
    name: 'doubled-publish',
    title: 'The same cid on two gateways: every publish is sent over both; a gateway is killed',
    hosts: () => Promise.resolve({ doubled: true }),
    happen: async ({ platform, crowd, say }) => {
      const answered = (): Promise<number> => sumMetric(platform.gateways, 'chat_gateway_publishes_total');
      const before = { answered: await answered(), published: crowd.published };
      await sleep(DOUBLED_MS);
      const published = crowd.published - before.published;
      const times = ((await answered()) - before.answered) / published;
      say(`${published} publishes reached gateways ${times.toFixed(2)} times`);
      if (times < DOUBLED) throw new Error(`publishes reached gateways ${times.toFixed(2)} times, not twice`);
      const victim = platform.gateways[1];
      await victim?.kill9();
      await victim?.start();
    },
  },
];

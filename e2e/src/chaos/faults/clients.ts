import { HalfOpenProxy } from '../half-open-proxy.ts';
import { sleep, type Fault, type FaultContext } from '../fault.ts';
import { RawSocket } from '../raw-socket.ts';
import { sumMetric } from '../metric.ts';

/** A client notices silence after a ping's time and some grace: 33 s. */
const NOTICED_MS = 60_000;
const SHORT_TOKEN_SECONDS = 15;
const LOOK_MS = 100;
const DOUBLED_MS = 10_000;
/** Twice, less what was under way when it was counted. */
const DOUBLED = 1.6;
/** The proxy of a run, by its platform. */
const PROXIES = new WeakMap<object, HalfOpenProxy>();

/** Clients that are slow, cut off, expired or heard twice. */
export const CLIENT_FAULTS: readonly Fault[] = [
  {
    name: 'slow-consumer',
    title: 'Slow consumers: they ask for much and read nothing',
    seconds: 40,
    happen: slowConsumers,
  },
  {
    name: 'half-open',
    title: 'Half-open sockets: half of the connections fall silent in both directions',
    seconds: 75,
    hosts: async (platform) => {
      const proxy = await HalfOpenProxy.start(platform.access.url);
      PROXIES.set(platform, proxy);
      return { urls: [platform.access.url, proxy.url] };
    },
    afterwards: (platform) => PROXIES.get(platform)?.close(),
    happen: async ({ platform, crowd, say }) => {
      const proxy = PROXIES.get(platform) as HalfOpenProxy;
      crowd.lost.clear();
      const cut = proxy.silence();
      say(`${cut} connections fell silent`);
      const deadline = performance.now() + NOTICED_MS;
      while (crowd.lost.size < cut) {
        if (performance.now() > deadline) throw new Error(`${crowd.lost.size} of ${cut} clients noticed`);
        await sleep(LOOK_MS);
      }
      say(`all ${cut} noticed`);
    },
  },
  {
    name: 'token-expiry',
    title: `Tokens of ${SHORT_TOKEN_SECONDS} s: half of the clients renew in time, the others are closed`,
    seconds: 50,
    hosts: () => Promise.resolve({ tokenSeconds: SHORT_TOKEN_SECONDS, lateTokens: true }),
    happen: async ({ crowd }) => {
      const late = Math.floor(crowd.size / 2);
      const deadline = performance.now() + 2000 * SHORT_TOKEN_SECONDS;
      while (crowd.lost.size < late) {
        if (performance.now() > deadline)
          throw new Error(`${crowd.lost.size} of ${late} clients were closed when their token ended`);
        await sleep(LOOK_MS);
      }
    },
  },
  {
    name: 'doubled-publish',
    title: 'The same cid on two gateways: every publish is sent over both; a gateway is killed',
    seconds: 40,
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

const SLOW = 20;
/** One reply is at most 256 KiB; with more of these in the room than fit, each request asks for that much. */
const FILLING = 'x'.repeat(4000);
const FILLINGS = 80;
const REQUESTS_PER_SECOND = 15;
const SLOW_MS = 25_000;

async function slowConsumers({ platform, say }: FaultContext): Promise<void> {
  const { url } = platform.access;
  const room = 'slow:1';
  const greet = async (user: string): Promise<RawSocket> => {
    const raw = await RawSocket.open(url);
    const hello = { token: await platform.token(user), inst: `${user}-0000000000000000`.slice(0, 16) };
    raw.frame(JSON.stringify({ i: 1, hello: { ...hello, rooms: { [room]: { limit: 0 } } } }));
    return raw;
  };
  const sender = await greet('slow-sender');
  for (let number = 1; number <= FILLINGS; number += 1) {
    const cid = `slow-sender-0000.${number}`;
    sender.frame(JSON.stringify({ i: number + 1, pub: { room, cid, data: FILLING } }));
    await sleep(150);
  }
  const slow = await Promise.all(Array.from({ length: SLOW }, (_, at) => greet(`slow-${at}`)));
  await sleep(1000);
  for (const raw of slow) raw.pause();
  const deadline = performance.now() + SLOW_MS;
  for (let i = 2; performance.now() < deadline; i += 1) {
    for (const raw of slow) raw.frame(JSON.stringify({ i, sync: { room, from: '', max: 200 } }));
    await sleep(1000 / REQUESTS_PER_SECOND);
  }
  const dropped = await sumMetric(platform.gateways, 'chat_gateway_slow_closes_total');
  for (const raw of [...slow, sender]) raw.cut();
  say(`${dropped} of ${SLOW} slow consumers were dropped`);
  if (dropped < SLOW) throw new Error(`${dropped} of ${SLOW} slow consumers were dropped`);
}

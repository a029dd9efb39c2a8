import { connect as tcp, type Socket } from 'node:net';
import { connect as tls } from 'node:tls';
import type { Clock, Timer } from '@chatplatform/runtime';

/** What is known of a platform's Redis. */
export interface RedisObservation {
  readonly state: 'Connecting' | 'Ready' | 'Unreachable';
  readonly problem?: string;
}

/** Where to knock. */
export interface RedisTarget {
  readonly endpoints: readonly string[];
  readonly tls?: { readonly ca?: string };
}

/** Asks one endpoint whether a Redis is there. @throws {Error} when none answers. */
export type PingRedis = (endpoint: string, tls: RedisTarget['tls']) => Promise<void>;

/** Follows one platform's Redis beside the passes, which never wait for it. */
export interface RedisWatch {
  observation(): RedisObservation;
  aim(target: RedisTarget): void;
  stop(): void;
}

const EVERY_MS = 15_000;
const RETRY_MS = 3000;
/** A store is called unreachable after this many looks in vain: one late answer is no outage, and a new one is just starting. */
export const PATIENT_LOOKS = 3;

/** Starts following nothing until it is aimed. */
export function redisWatch(deps: { ping: PingRedis; clock: Clock; onChange: () => void }): RedisWatch {
  let target: RedisTarget | undefined;
  let seen: RedisObservation = { state: 'Connecting' };
  let timer: Timer | undefined;
  let stopped = false;
  let round = 0;
  let failures = 0;

  const turn = async (mine: number): Promise<void> => {
    const aim = target;
    if (!aim) return;
    const before = seen;
    const outcome = await firstAnswer(aim, deps.ping);
    if (stopped || mine !== round) return;
    failures = outcome.state === 'Ready' ? 0 : failures + 1;
    seen = failures === 0 || failures >= PATIENT_LOOKS ? outcome : before;
    if (!same(before, seen)) deps.onChange();
    timer = deps.clock.setTimeout(() => void turn(mine), failures === 0 ? EVERY_MS : RETRY_MS);
  };

  return {
    observation: () => seen,
    aim: (next) => {
      if (JSON.stringify(next) === JSON.stringify(target) || stopped) return;
      target = next;
      round += 1;
      timer?.cancel();
      void turn(round);
    },
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}

const same = (a: RedisObservation, b: RedisObservation): boolean =>
  a.state === b.state && a.problem === b.problem;

async function firstAnswer(target: RedisTarget, ping: PingRedis): Promise<RedisObservation> {
  let problem = 'no endpoint';
  for (const endpoint of target.endpoints) {
    try {
      await ping(endpoint, target.tls);
      return { state: 'Ready' };
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  return { state: 'Unreachable', problem };
}

const PING_TIMEOUT_MS = 2000;

/**
 * A bare `PING`. Being refused for want of a password is an answer too: a Redis is there, and whether
 * the programs may use it shows in their own health.
 */
export const pingRedis: PingRedis = (endpoint, secure) =>
  new Promise((resolve, reject) => {
    const colon = endpoint.lastIndexOf(':');
    const address = { host: endpoint.slice(0, colon), port: Number(endpoint.slice(colon + 1)) };
    const socket: Socket = secure ? tls({ ...address, servername: address.host, ...secure }) : tcp(address);
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(`${endpoint}: ${why}`));
    };
    socket.setTimeout(PING_TIMEOUT_MS, () => fail('no answer'));
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => reject(new Error(`${endpoint}: closed the connection`)));
    socket.on('data', (answer) => {
      const text = answer.toString('latin1');
      if (!/^(\+PONG|-NOAUTH|-NOPERM)/.test(text))
        return fail(`answered ${JSON.stringify(text.slice(0, 60))}`);
      resolve();
      socket.destroy();
    });
    socket.write('PING\r\n');
  });

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@chatplatform/runtime';
import { formatVerdict, runTraffic, type TrafficResult } from '@chatplatform/testkit';
import { ProcessPlatform } from '../harness/process-platform.ts';
import { Crowd } from './crowd.ts';
import type { Fault } from './fault.ts';
import type { Outcome } from './results.ts';

/** Publishes per second of all clients together: what two cores carry beside everything else on this machine. */
const MAX_RATE = 150;
/** Members of a room: each client is in two rooms. */
const CLIENTS_PER_ROOM = 10;
const TOKEN_SECONDS = 3600;
/** Idle clients that dial at a time, so that connecting them does not become a fault of its own. */
const IDLE_AT_ONCE = 200;
const IDLE_WITHIN_MS = 300_000;
const LOOK_MS = 50;

/** How to run a fault. */
export interface FaultRun {
  readonly seed: number;
  /** Clients that talk. */
  readonly clients: number;
  readonly say: (text: string) => void;
  /** Cuts the run off; what it started is ended. */
  readonly signal: AbortSignal;
}

/**
 * One run of one fault: a platform of its own, traffic, the fault in its first third, the checker's verdict.
 *
 * @throws when the platform did not start, or when the run was cut off
 */
export async function runFault(fault: Fault, order: FaultRun): Promise<Outcome> {
  const { seed, clients, say, signal } = order;
  signal.throwIfAborted();
  const platform = await ProcessPlatform.start(fault.platform);
  let crowd: Crowd | undefined;
  let keep = false;
  try {
    crowd = new Crowd({
      access: platform.access,
      urls: [platform.access.url],
      tokenSeconds: TOKEN_SECONDS,
      lateTokens: false,
      doubled: false,
      ...(await fault.hosts?.(platform)),
    });
    const { result, trouble } = await exchange({ ...order, fault, platform, crowd });
    say(formatVerdict(result.verdict, seed));
    const outcome = outcomeOf(fault, { seed, clients, result, trouble, connected: crowd.size });
    keep = !outcome.clean;
    if (keep) await writeFile(join(platform.folder, 'history.json'), JSON.stringify(result.history));
    return outcome;
  } catch (error) {
    // A run that could not be finished leaves its logs, unless somebody only did not want to wait for it.
    keep = !signal.aborted;
    throw error;
  } finally {
    await crowd?.close();
    fault.afterwards?.(platform);
    await platform.close(keep);
    if (keep) say(`logs and history are kept in ${platform.folder}`);
  }
}

interface Run extends FaultRun {
  readonly fault: Fault;
  readonly platform: ProcessPlatform;
  readonly crowd: Crowd;
}

async function exchange(run: Run): Promise<{ result: TrafficResult; trouble: string | undefined }> {
  const { fault, seed, clients, say, signal, platform, crowd } = run;
  const random = seededRandom(seed);
  await addIdle(crowd, clients * (fault.idlePerClient ?? 0));
  const rate = Math.min(clients, MAX_RATE);
  let trouble: string | undefined;
  const happen = async (): Promise<void> => {
    say(`${fault.name} begins`);
    const began = performance.now();
    const room = `check:${seed}-0`;
    // A failure is told after the verdict: what the checker saw is worth more than an exception.
    await fault.happen({ platform, random, crowd, room, say }).catch((error: unknown) => {
      trouble = error instanceof Error ? error.message : String(error);
    });
    say(`${fault.name} is over after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  };
  const result = await runTraffic({
    url: platform.access.url,
    token: (user) => platform.token(user),
    clients,
    rooms: Math.max(2, Math.ceil(clients / CLIENTS_PER_ROOM)),
    messages: rate * fault.seconds,
    rate: rate / clients,
    seed,
    signal,
    connect: (user) => crowd.add(user),
    disturbances: [{ name: fault.name, at: 0.1 + 0.2 * random.next(), run: happen }],
    onProgress: ({ sent, settled, received }) => say(`sent ${sent}, acked ${settled}, received ${received}`),
  });
  return { result, trouble };
}

/** Connects clients that only listen to their gateway, and waits until all of them are there. */
async function addIdle(crowd: Crowd, count: number): Promise<void> {
  const deadline = performance.now() + IDLE_WITHIN_MS;
  for (let number = 0; number < count || crowd.away.size > 0; ) {
    if (performance.now() > deadline) throw new Error(`${crowd.away.size} idle clients could not connect`);
    while (number < count && crowd.away.size < IDLE_AT_ONCE) crowd.add(`idle-${number++}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function outcomeOf(
  fault: Fault,
  run: {
    seed: number;
    clients: number;
    connected: number;
    result: TrafficResult;
    trouble: string | undefined;
  },
): Outcome {
  const { result, trouble } = run;
  const { counts, broken } = result.verdict;
  const wrong: Record<string, number> = { ...broken };
  if (result.unsettled > 0) wrong['unsettled'] = result.unsettled;
  if (counts.failed > 0) wrong['failed'] = counts.failed;
  if (counts.continuityLost > 0) wrong['continuity lost'] = counts.continuityLost;
  return {
    fault: fault.name,
    seed: run.seed,
    clients: run.clients,
    connected: run.connected,
    messages: counts.acked,
    deliveries: counts.received,
    clean: result.verdict.clean && Object.keys(wrong).length === 0 && trouble === undefined,
    wrong,
    ...(trouble !== undefined && { trouble }),
    stallMs: Math.round(result.delivery.max),
    p50Ms: Math.round(result.delivery.p50),
    reconnects: result.reconnects,
  };
}

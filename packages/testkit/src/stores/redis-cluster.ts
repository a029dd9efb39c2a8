import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from './store-error.ts';
import type { StoreProcess } from './store-process.ts';

/** One server of a Redis store. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
  readonly process: StoreProcess;
}

/** Runs one command on a server and gives back what it prints. */
export type RedisCommand = (node: RedisNode, words: readonly string[]) => Promise<string>;

/** Hash slots of every Redis Cluster, by its specification. */
const SLOTS = 16_384;
/** The fewest primaries among which a majority can agree on a failure. */
export const CLUSTER_PRIMARIES = 3;
/** Three nodes on loopback agreed within 2 to 5 s; several times that means they never will. */
const CLUSTER_TIMEOUT_MS = 30_000;
const LOOK_MS = 50;

/**
 * Makes the nodes one cluster: the first {@link CLUSTER_PRIMARIES} hold the slots, the others are their replicas in
 * turn. A cluster that exists already is only waited for.
 */
export async function formCluster(nodes: readonly RedisNode[], run: RedisCommand): Promise<void> {
  const [first] = nodes;
  if (first === undefined) return;
  if (!(await holdsSlots(first, run))) {
    for (const [index, node] of nodes.entries()) await introduce(node, index, { first, run });
    await untilAll(nodes, run, knows(nodes.length));
    const replicas = nodes.slice(CLUSTER_PRIMARIES);
    for (const [index, replica] of replicas.entries()) {
      const primary = nodes[index % CLUSTER_PRIMARIES] as RedisNode;
      await run(replica, ['cluster', 'replicate', await run(primary, ['cluster', 'myid'])]);
    }
  }
  await clusterReady(nodes, run);
}

async function holdsSlots(node: RedisNode, run: RedisCommand): Promise<boolean> {
  return !/cluster_slots_assigned:0\b/.test(await run(node, ['cluster', 'info']));
}

/** Gives a primary its share of the slots and makes the node known to the first one. */
async function introduce(
  node: RedisNode,
  index: number,
  { first, run }: { first: RedisNode; run: RedisCommand },
): Promise<void> {
  const slot = (share: number): number => Math.floor((share * SLOTS) / CLUSTER_PRIMARIES);
  await run(node, ['cluster', 'set-config-epoch', String(index + 1)]);
  if (index < CLUSTER_PRIMARIES)
    await run(node, ['cluster', 'addslotsrange', String(slot(index)), String(slot(index + 1) - 1)]);
  const busPort = (await run(node, ['--raw', 'config', 'get', 'cluster-port'])).split('\n')[1] ?? '';
  await run(first, ['cluster', 'meet', node.host, String(node.port), busPort]);
}

/** Resolves when every node serves every slot, knows the others, and every replica has the data of its primary. */
export async function clusterReady(nodes: readonly RedisNode[], run: RedisCommand): Promise<void> {
  const whole = new RegExp(`cluster_state:ok[^]*cluster_slots_ok:${SLOTS}\\b`);
  await untilAll(nodes, run, knows(nodes.length));
  await untilAll(nodes, run, { words: ['cluster', 'info'], wanted: whole });
  // A primary that was away still takes itself for one until it hears otherwise; its replica could not be replaced then.
  await until(async () => {
    const primaries = await primariesOf(nodes, run);
    return primaries.length === CLUSTER_PRIMARIES
      ? undefined
      : `${primaries.length} nodes say that they are primaries`;
  });
  // A primary has no such line.
  await untilAll(nodes, run, {
    words: ['info', 'replication'],
    wanted: /^(?![^]*master_link_status:down)[^]*role:/,
  });
}

interface Condition {
  readonly words: readonly string[];
  readonly wanted: RegExp;
}

function knows(count: number): Condition {
  return { words: ['cluster', 'info'], wanted: new RegExp(`cluster_known_nodes:${count}\\b`) };
}

async function untilAll(
  nodes: readonly RedisNode[],
  run: RedisCommand,
  { words, wanted }: Condition,
): Promise<void> {
  for (const node of nodes) {
    await until(async () => {
      const found = await run(node, words);
      return wanted.test(found) ? undefined : `port ${node.port} says:\n${found}`;
    });
  }
}

/** Resolves when nothing is amiss any more; `amiss` says what is. */
async function until(amiss: () => Promise<string | undefined>): Promise<void> {
  const deadline = performance.now() + CLUSTER_TIMEOUT_MS;
  for (let found = await amiss(); found !== undefined; found = await amiss()) {
    if (performance.now() > deadline) {
      const seconds = CLUSTER_TIMEOUT_MS / 1000;
      throw new StoreError('not-ready', `the Redis cluster did not form within ${seconds} s; ${found}`);
    }
    await sleep(LOOK_MS);
  }
}

/** The running nodes that take writes now. */
export async function primariesOf(nodes: readonly RedisNode[], run: RedisCommand): Promise<RedisNode[]> {
  const running = nodes.filter((node) => node.process.running);
  const roles = await Promise.all(running.map((node) => run(node, ['role'])));
  return running.filter((_, at) => roles[at]?.startsWith('master') === true);
}

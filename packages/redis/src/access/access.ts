import { createHash } from 'node:crypto';

/** Who logs in to Redis under a user of its own. */
export type RedisComponent = 'gateway' | 'worker' | 'operator';

/** What a user of Redis may do, as the server's ACL has it. */
export interface RedisAccess {
  /** Patterns of keys to read and write. A script needs this for every key it is given, also for those it only reads. */
  readonly writes: readonly string[];
  /** Patterns of keys to read. */
  readonly reads: readonly string[];
  /** Patterns of channels. */
  readonly channels: readonly string[];
  /** Rules of commands (`+get`, `-@dangerous`), in the order in which they apply. */
  readonly commands: readonly string[];
}

/** Keys of each noun behind the platform's prefix; `E` stands for the epoch of a log. */
const KEYS = {
  history: ['E:h:{*', 'E:hd:{*', 'E:d:*:{*'],
  latest: ['E:lv:{*', 'E:lb:{*'],
  receipts: ['E:w:{*'],
  routes: ['rt:{*'],
  routesByGateway: ['gr:{*'],
  presence: ['ph:{*', 'pc:{*'],
  sessions: ['s:{*', 'u:{*', 'gs:{*'],
  gateways: ['gws', 'g:{*'],
  online: ['due', 'on:{*'],
  locks: ['lock:{*'],
  deliveries: ['nd:{*'],
  budget: ['budget'],
  revocations: ['revoked'],
  idempotency: ['ik:{*'],
  keyspace: ['canary:{*', 'rebuilt', 'horizon'],
} as const;

type Noun = keyof typeof KEYS;
type Right = 'read' | 'write';

/** What each component does with each noun; what is not named is out of its reach. */
const RIGHTS: Readonly<Record<RedisComponent, Readonly<Partial<Record<Noun, Right>>>>> = {
  gateway: {
    history: 'read',
    latest: 'read',
    receipts: 'write',
    routes: 'write',
    routesByGateway: 'write',
    presence: 'write',
    sessions: 'write',
    gateways: 'write',
    online: 'write',
    budget: 'write',
    revocations: 'write',
    idempotency: 'write',
    keyspace: 'read',
  },
  worker: {
    history: 'write',
    latest: 'write',
    // The services of the workers: who is away, who is online, and what dead gateways left.
    routes: 'write',
    routesByGateway: 'write',
    presence: 'write',
    sessions: 'write',
    gateways: 'write',
    online: 'write',
    locks: 'write',
    deliveries: 'write',
    keyspace: 'write',
  },
  operator: {},
};

/** Six characters of base 36. */
const EPOCH = '??????';

/** How a client connects, finds the nodes of a cluster and looks after itself. */
const CONNECTING = [
  '+ping',
  '+info',
  '+cluster|slots',
  '+cluster|shards',
  '+cluster|info',
  '+cluster|nodes',
  '+asking',
];
/** Every type of data in use, without what walks or empties a whole database or blocks a connection. */
const DATA = [
  ...['+@hash', '+@set', '+@sortedset', '+@string', '+@stream', '-@dangerous', '-@blocking'],
  ...['+del', '+exists', '+pexpire', '+persist', '+pttl', '+time', '+eval', '+evalsha'],
];

const COMMANDS: Readonly<Record<RedisComponent, readonly string[]>> = {
  gateway: [...DATA, ...CONNECTING, '+spublish', '+ssubscribe', '+sunsubscribe'],
  worker: [...DATA, ...CONNECTING, '+spublish'],
  // Looks after servers, never at data.
  operator: [
    ...['+ping', '+info', '+role', '+wait', '+cluster', '+config|get', '+config|set', '+acl|whoami'],
    // Slots move from node to node: the old one logs in to the new one as this user, and puts keys there as they are.
    ...['+migrate', '+select', '+restore', '+restore-asking'],
  ],
};

/** The least rights with which a component of the platform with this key prefix (`<namespace>.<name>:`) works. */
export function redisAccess(component: RedisComponent, prefix: string): RedisAccess {
  const rights = Object.entries(RIGHTS[component]) as [Noun, Right][];
  const patterns = (wanted: Right): string[] =>
    rights
      .filter(([, right]) => right === wanted)
      .flatMap(([noun]) => KEYS[noun].map((pattern) => prefix + pattern.replace(/^E:/, `${EPOCH}:`)));
  return {
    // Whoever moves keys has to reach all of them, by commands that show none.
    writes: component === 'operator' ? [`${prefix}*`] : patterns('write'),
    reads: patterns('read'),
    channels: component === 'operator' ? [] : [`${prefix}in:{*`, `${prefix}hot:{*`],
    commands: COMMANDS[component],
  };
}

/**
 * A user as a line of Redis' ACL file. The password goes in as its SHA-256, so the file gives nobody the password.
 *
 * @example
 * aclLine('chat-gateway', password, redisAccess('gateway', 'chat.demo:'))
 */
export function aclLine(username: string, password: string, access: RedisAccess): string {
  const hash = createHash('sha256').update(password).digest('hex');
  return [
    `user ${username} reset on #${hash}`,
    ...access.writes.map((pattern) => `~${pattern}`),
    ...access.reads.map((pattern) => `%R~${pattern}`),
    ...access.channels.map((pattern) => `&${pattern}`),
    ...access.commands,
  ].join(' ');
}

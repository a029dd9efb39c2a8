import type { TestCertificate } from './test-authority.ts';

/** Where one Redis server of a store listens and keeps its data. */
export interface RedisPlace {
  readonly host: string;
  readonly port: number;
  /** Port of the cluster's own talk; used only in a cluster. */
  readonly busPort: number;
  readonly folder: string;
}

/** How the servers of a store are reached. */
export interface RedisAccess {
  /** TLS on every port, also between the servers. */
  readonly tls?: (TestCertificate & { readonly ca: string; readonly caFile: string }) | undefined;
  /** Users of an ACL file, see {@link aclFile}. */
  readonly acl?: { readonly file: string; readonly password: string } | undefined;
}

/** The user under which the testkit itself, and replicas of their primaries, log in where there are users. */
export const TESTKIT_USER = 'testkit';

/** Settings of one server, by name as in `redis.conf`. */
export function redisSettings(
  place: RedisPlace,
  access: RedisAccess,
  more: { readonly cluster: boolean; readonly overrides: Readonly<Record<string, string>> },
): Record<string, string> {
  return {
    bind: place.host,
    ...(access.tls === undefined ? { port: String(place.port) } : tlsSettings(place.port, access.tls)),
    ...(access.acl !== undefined && {
      aclfile: access.acl.file,
      masteruser: TESTKIT_USER,
      masterauth: access.acl.password,
    }),
    dir: place.folder,
    save: '',
    // Each write reaches the kernel before its answer: it survives the death of the process.
    appendonly: 'yes',
    appendfsync: 'everysec',
    'enable-debug-command': 'local',
    ...(more.cluster && clusterSettings(place)),
    ...more.overrides,
  };
}

function tlsSettings(port: number, tls: NonNullable<RedisAccess['tls']>): Record<string, string> {
  return {
    port: '0',
    'tls-port': String(port),
    'tls-cert-file': tls.certFile,
    'tls-key-file': tls.keyFile,
    'tls-ca-cert-file': tls.caFile,
    // Clients say who they are by user and password.
    'tls-auth-clients': 'no',
    'tls-replication': 'yes',
    'tls-cluster': 'yes',
  };
}

function clusterSettings({ host, busPort }: RedisPlace): Record<string, string> {
  return {
    'cluster-enabled': 'yes',
    'cluster-port': String(busPort),
    'cluster-announce-ip': host,
    'cluster-config-file': 'nodes.conf',
    // Kill tests wait for it: the default of 15 s would make each of them slow.
    'cluster-node-timeout': '2000',
    // A replica synchronises at once; the default waits 5 s for others that might come.
    'repl-diskless-sync-delay': '0',
  };
}

/** Text of an ACL file: nobody without a name, the testkit with every right, and the given lines (`user NAME ...`). */
export function aclFile(password: string, users: readonly string[]): string {
  return ['user default off', `user ${TESTKIT_USER} on >${password} ~* &* +@all`, ...users, ''].join('\n');
}

/** Words that redis-cli needs before a command to reach a server with this access. */
export function cliWords({ tls, acl }: RedisAccess): string[] {
  return [
    // An error answer ends redis-cli with a failure instead of being printed like any other.
    '-e',
    ...(tls === undefined ? [] : ['--tls', '--cacert', tls.caFile]),
    ...(acl === undefined ? [] : ['--user', TESTKIT_USER, '--pass', acl.password, '--no-auth-warning']),
  ];
}

/** Where one broker of a cluster listens. */
export interface BrokerPlace {
  /** Node id, from 1. */
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

/** What the settings of one broker depend on. */
export interface BrokerSettings {
  readonly host: string;
  readonly broker: BrokerPlace;
  readonly all: readonly BrokerPlace[];
  readonly dataFolder: string;
  /** Overrides by name, for tests that need another behaviour. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** The text of a broker's `server.properties`: small in memory, quick to start and to come back. */
export function serverProperties(settings: BrokerSettings): string {
  const { host, broker, all, dataFolder } = settings;
  const replicas = Math.min(3, all.length);
  const inSync = Math.max(1, replicas - 1);
  const properties: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': broker.id,
    'controller.quorum.voters': all.map((one) => `${one.id}@${host}:${one.controllerPort}`).join(','),
    listeners: `PLAINTEXT://${host}:${broker.port},CONTROLLER://${host}:${broker.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${host}:${broker.port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataFolder,
    'auto.create.topics.enable': 'false',
    // One partition: a group is ready at once instead of after fifty partitions are loaded.
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'group.initial.rebalance.delay.ms': 0,
    // The default of 128 MB does not fit the small heap: the broker would die at start.
    'log.cleaner.dedupe.buffer.size': 8_388_608,
    // A broker that comes back after kill -9 first waits for its old session to end: 9 s by default.
    'broker.heartbeat.interval.ms': 300,
    'broker.session.timeout.ms': 3000,
    // How soon the others notice that the active controller among three is dead: 2 s and 1 s by default.
    'controller.quorum.fetch.timeout.ms': 1000,
    'controller.quorum.election.timeout.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    ...settings.overrides,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

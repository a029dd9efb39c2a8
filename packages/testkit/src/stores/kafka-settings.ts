/** Where one broker of a cluster listens. */
export interface BrokerPlace {
  /** Node id, from 1. */
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  /** Port with TLS and SASL; used only in a secured cluster. */
  readonly securedPort: number;
}

/** What the settings of one broker depend on. */
export interface BrokerSettings {
  readonly host: string;
  readonly broker: BrokerPlace;
  readonly all: readonly BrokerPlace[];
  readonly dataFolder: string;
  /** Key and certificate (PEM, in one file) of a listener with TLS and SCRAM-SHA-512; absent = no such listener. */
  readonly keystoreFile?: string | undefined;
  /** Overrides by name, for tests that need another behaviour. */
  readonly overrides: Readonly<Record<string, string>>;
}

type Properties = Record<string, string | number>;

/** The text of a broker's `server.properties`: small in memory, quick to start and to come back. */
export function serverProperties(settings: BrokerSettings): string {
  const { broker, all, dataFolder } = settings;
  const replicas = Math.min(3, all.length);
  const inSync = Math.max(1, replicas - 1);
  const properties: Properties = {
    'process.roles': 'broker,controller',
    'node.id': broker.id,
    ...listeners(settings),
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

/** Brokers talk to each other in plain; clients may, and through the secured listener must show who they are. */
function listeners({ host, broker, all, keystoreFile }: BrokerSettings): Properties {
  const secured = keystoreFile === undefined ? '' : `,SASL_SSL://${host}:${broker.securedPort}`;
  const protocols = keystoreFile === undefined ? '' : ',SASL_SSL:SASL_SSL';
  const plain = `PLAINTEXT://${host}:${broker.port}`;
  return {
    'controller.quorum.voters': all.map((one) => `${one.id}@${host}:${one.controllerPort}`).join(','),
    listeners: `${plain},CONTROLLER://${host}:${broker.controllerPort}${secured}`,
    'advertised.listeners': `${plain}${secured}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols}`,
    ...(keystoreFile !== undefined && securedListener(keystoreFile)),
  };
}

function securedListener(keystoreFile: string): Properties {
  return {
    'listener.name.sasl_ssl.ssl.keystore.type': 'PEM',
    'listener.name.sasl_ssl.ssl.keystore.location': keystoreFile,
    'listener.name.sasl_ssl.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  };
}

import dns from 'node:dns';
import { openKafka, readKafkaConfig, type InRecord, type Kafka } from '@chatplatform/kafka';
import { names } from '@chatplatform/platform';
import { systemClock, systemRandom } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { PLATFORM, type ClusterPlatform } from './cluster-platform.ts';

const PORT = 9092;
/** More than a test writes to one partition. */
const MAX_RECORDS = 10_000;

/** The Kafka of the platform under test, as a service inside the cluster sees it. */
export class PlatformLog {
  readonly topics = names(PLATFORM.namespace, PLATFORM.name).topics;
  readonly kafka: Kafka;
  readonly #forget: () => void;

  private constructor(kafka: Kafka, forget: () => void) {
    this.kafka = kafka;
    this.#forget = forget;
  }

  static async open(cluster: ClusterPlatform): Promise<PlatformLog> {
    const [[pod, address] = ['', '']] = await cluster.addresses('kafka');
    const service = `${PLATFORM.name}-kafka.${PLATFORM.namespace}.svc`;
    // The broker tells clients a name of the cluster, which this machine has no server for.
    const forget = resolveTo(address, [service, `${pod}.${service}`]);
    const connection = { bootstrapServers: [`${service}:${PORT}`] };
    const kafka = await openKafka(readKafkaConfig(connection, 'features'), {
      ...{ logger: silentLogger, clock: systemClock, random: systemRandom },
    });
    return new PlatformLog(kafka, forget);
  }

  /** Where every partition of a topic ends now: {@link since} reads what comes later. */
  async end(topic: string): Promise<readonly number[]> {
    const reader = this.kafka.logReader();
    const partitions = await this.kafka.admin().partitionCount(topic);
    const bounds = Array.from({ length: partitions }, (_, partition) => reader.bounds(topic, partition));
    return (await Promise.all(bounds)).map(({ end }) => end);
  }

  async since(topic: string, begin: readonly number[]): Promise<InRecord[]> {
    const ends = await this.end(topic);
    const reader = this.kafka.logReader();
    const parts = ends.flatMap((to, partition) => {
      const from = begin[partition] ?? 0;
      return from < to ? [reader.read({ topic, partition, from, to, maxRecords: MAX_RECORDS })] : [];
    });
    return (await Promise.all(parts)).flat();
  }

  async close(): Promise<void> {
    await this.kafka.close();
    this.#forget();
  }
}

/** Lets this process find `hosts` at `address`. @returns what undoes it */
function resolveTo(address: string, hosts: readonly string[]): () => void {
  const before = dns.lookup;
  const known = new Set(hosts);
  const lookup = (host: string, ...rest: unknown[]): void =>
    Reflect.apply(before, dns, [known.has(host) ? address : host, ...rest]);
  dns.lookup = lookup as typeof dns.lookup;
  return () => {
    dns.lookup = before;
  };
}

import type { Kafka as KafkaJs } from 'kafkajs';
import type { Cluster } from 'kafkajs/src/cluster/index.js';

export type { Cluster };

/** How connections are used. */
interface ClusterUse {
  /** Requests under way per connection; without a bound when absent. */
  readonly maxInFlightRequests?: number;
}

/** Leaders are looked up again at least this often, ms; after an error at once. kafkajs's own default. */
const METADATA_MAX_AGE_MS = 300_000;
/** Name of the symbol under which a kafkajs 2.2.4 client keeps how it makes what all its clients stand on. */
const CREATE_CLUSTER = 'private:Kafka:createCluster';

type CreateCluster = (options: {
  metadataMaxAge: number;
  allowAutoTopicCreation: boolean;
  maxInFlightRequests: number | null;
}) => Cluster;

/**
 * Connections to the brokers as kafkajs's consumers and producers have them, with the address, TLS and SASL of
 * `client`, but with neither of them on top. An internal of kafkajs, whose version is pinned exactly.
 */
export function clusterOf(client: KafkaJs, { maxInFlightRequests }: ClusterUse = {}): Cluster {
  const symbol = Object.getOwnPropertySymbols(client).find(
    ({ description }) => description === CREATE_CLUSTER,
  );
  const create = symbol && (Reflect.get(client, symbol) as CreateCluster);
  if (create === undefined) throw new TypeError(`this kafkajs has no "${CREATE_CLUSTER}"; install 2.2.4`);
  return create({
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    maxInFlightRequests: maxInFlightRequests ?? null,
  });
}

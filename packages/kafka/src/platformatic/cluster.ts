import { Connection, metadataV12, type API, type ConnectionOptions } from '@platformatic/kafka';
import { Deferred, type Clock } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';
import type { KafkaConfig, KafkaSasl, KafkaTls } from '../port/kafka.ts';
import { answerOf, toKafkaError } from './failures.ts';

/** Longest wait for a TCP and TLS handshake and the login, ms. */
const CONNECT_TIMEOUT_MS = 3_000;
/** Longest wait for an ordinary answer, ms. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Above every timeout of ours, which differ by request. */
const LIBRARY_TIMEOUT_MS = 600_000;
/** Requests under way on one connection; the broker answers them in turn, so more would only wait there. */
const MAX_IN_FLIGHT = 5;

/** A broker's address. */
interface Place {
  readonly host: string;
  readonly port: number;
}

/** A topic by the newest metadata. */
export interface TopicView {
  readonly id: string;
  /** Leader (node id) and replica count of each partition, by number; -1 while there is no leader. */
  readonly partitions: readonly { readonly leader: number; readonly replicas: number }[];
}

/** Where a request goes. */
export interface Destination {
  /** Node id; absent = any broker. */
  readonly node?: number | undefined;
  /**
   * Requests of one lane to one node share a connection. The broker works on one request of a connection at a time,
   * so what may block there (fetch, join) has a lane of its own.
   */
  readonly lane?: string;
  /** Longest wait for the answer, ms. Default 10 000. */
  readonly timeoutMs?: number;
}

/** Connections to the brokers of one cluster, and what their metadata says. Connects when asked something. */
export class Cluster {
  readonly #options: ConnectionOptions;
  readonly #clientId: string;
  readonly #bootstrap: readonly Place[];
  readonly #clock: Clock;
  readonly #links = new Map<string, Promise<Connection>>();
  readonly #nodes = new Map<number, Place>();
  readonly #topics = new Map<string, TopicView>();
  #clusterId = '';
  /** Where the search for any broker begins: the one that answered last. */
  #first = 0;
  #closed = false;

  constructor(config: KafkaConfig, clock: Clock) {
    this.#clientId = config.clientId;
    this.#bootstrap = config.bootstrapServers.map(placeOf);
    this.#clock = clock;
    this.#options = {
      connectTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: LIBRARY_TIMEOUT_MS,
      maxInflights: MAX_IN_FLIGHT,
      ...(config.tls !== undefined && { tls: tlsOptions(config.tls) }),
      ...(config.sasl !== undefined && { sasl: saslOptions(config.sasl) }),
    };
  }

  /** As of the last {@link refresh}. */
  get clusterId(): string {
    return this.#clusterId;
  }

  topic(name: string): TopicView | undefined {
    return this.#topics.get(name);
  }

  /** Node id of a partition's leader as far as known. */
  leaderOf(topic: string, partition: number): number | undefined {
    const leader = this.#topics.get(topic)?.partitions[partition]?.leader;
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  /** Asks for brokers and these topics (`null`: all); topics that do not exist are forgotten. */
  async refresh(topics: readonly string[] | null): Promise<void> {
    const answer = await this.call({ lane: 'metadata' }, metadataV12.api, [
      topics === null ? null : [...topics],
      false,
      false,
    ]).catch((error: unknown) => {
      // One topic that does not exist makes the library refuse the whole answer.
      const partial = answerOf(error) as metadataV12.MetadataResponse | undefined;
      if (partial?.brokers === undefined) throw error;
      return partial;
    });
    this.#clusterId = answer.clusterId ?? '';
    this.#nodes.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#nodes.set(nodeId, { host, port });
    for (const name of topics ?? this.#topics.keys()) this.#topics.delete(name);
    for (const { name, topicId, errorCode, partitions } of answer.topics) {
      if (errorCode !== 0 || !name) continue;
      const views = [...partitions].sort((a, b) => a.partitionIndex - b.partitionIndex);
      this.#topics.set(name, {
        id: topicId,
        partitions: views.map(({ leaderId, replicaNodes }) => ({
          leader: leaderId,
          replicas: replicaNodes.length,
        })),
      });
    }
  }

  /** Names of all topics known; complete after `refresh(null)`. */
  topicNames(): string[] {
    return [...this.#topics.keys()];
  }

  /**
   * One request. Rejects with what the library says, or with a {@link KafkaError} `unavailable` when no answer came
   * in time; then the connection is gone too, because nothing behind the missing answer would be read.
   */
  async call<Request extends unknown[], Answer>(
    to: Destination,
    api: API<Request, Answer>,
    request: Request,
  ): Promise<Answer> {
    if (this.#closed) throw new KafkaError('closed', 'the Kafka client was closed');
    const { connection, drop } = await this.#reach(to);
    const late = new Deferred<never>();
    const timeoutMs = to.timeoutMs ?? ANSWER_TIMEOUT_MS;
    const timer = this.#clock.setTimeout(() => {
      late.reject(new KafkaError('unavailable', `the broker did not answer within ${timeoutMs} ms`));
      drop();
    }, timeoutMs);
    try {
      return await Promise.race([api.async(connection, ...request), late.promise]);
    } finally {
      timer.cancel();
    }
  }

  /** Ends every connection; what is under way fails. */
  async close(): Promise<void> {
    this.#closed = true;
    const links = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(links.map((link) => link.then(destroy, () => undefined)));
  }

  async #reach({ node, lane = 'data' }: Destination): Promise<{ connection: Connection; drop: () => void }> {
    if (node === undefined) return this.#reachAny(lane);
    const place = this.#nodes.get(node);
    if (place !== undefined) return this.#reachPlace(place, lane);
    throw new KafkaError('unavailable', `the brokers do not know a node ${node} at the moment`);
  }

  /** The broker that answered last, else the next one that can be reached. */
  async #reachAny(lane: string): Promise<{ connection: Connection; drop: () => void }> {
    const places = [...this.#bootstrap, ...this.#nodes.values()];
    let failure: unknown;
    for (let tried = 0; tried < places.length; tried += 1) {
      const index = (this.#first + tried) % places.length;
      try {
        const reached = await this.#reachPlace(places[index] as Place, lane);
        this.#first = index;
        return reached;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #reachPlace(place: Place, lane: string): Promise<{ connection: Connection; drop: () => void }> {
    const key = `${lane} ${place.host}:${place.port}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = this.#connect(place, () => this.#links.delete(key));
      this.#links.set(key, link);
      link.catch(() => this.#links.delete(key));
    }
    const connection = await link;
    const drop = (): void => {
      if (this.#links.get(key) === link) this.#links.delete(key);
      destroy(connection);
    };
    return { connection, drop };
  }

  async #connect({ host, port }: Place, onEnd: () => void): Promise<Connection> {
    const connection = new Connection(this.#clientId, this.#options);
    connection.on('error', onEnd);
    connection.on('close', onEnd);
    const late = new Deferred<never>();
    const timer = this.#clock.setTimeout(() => {
      late.reject(
        new KafkaError('unavailable', `${host}:${port} took over ${CONNECT_TIMEOUT_MS} ms to let us in`),
      );
    }, CONNECT_TIMEOUT_MS);
    try {
      await Promise.race([connection.connect(host, port), late.promise]);
      return connection;
    } catch (error) {
      destroy(connection);
      throw toKafkaError(error, `connecting to ${host}:${port}`);
    } finally {
      timer.cancel();
    }
  }
}

/** A broker that hangs never answers a farewell, so none is said. */
function destroy(connection: Connection): void {
  connection.socket?.destroy();
}

function placeOf(server: string): Place {
  const colon = server.lastIndexOf(':');
  return { host: server.slice(0, colon), port: Number(server.slice(colon + 1)) };
}

function tlsOptions({ ca, cert, key, serverName }: KafkaTls): NonNullable<ConnectionOptions['tls']> {
  return {
    ...(ca !== undefined && { ca: [ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

const MECHANISMS = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

function saslOptions({ mechanism, username, password }: KafkaSasl): NonNullable<ConnectionOptions['sasl']> {
  return { mechanism: MECHANISMS[mechanism], username, password };
}

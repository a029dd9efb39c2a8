import {
  type ChatPlatformSpec,
  type ChatPlatformStatus,
  type KafkaConnection,
  names,
  type TopicPlan,
  topicPlans,
} from '@chatplatform/platform';
import type { Kafka, KafkaAdmin, KafkaConfig, PartitionLag, TopicState } from '@chatplatform/kafka';
import type { Clock, Timer } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import { canonical } from '../../kube/index.ts';
import { PATIENT_LOOKS } from '../redis/watch.ts';

/** What is known of a platform's Kafka. */
export interface KafkaObservation {
  /** Undefined until the first answer or failure. */
  readonly reachable: boolean | undefined;
  readonly problem?: string;
  readonly clusterId?: string;
  readonly topics: readonly TopicState[];
  /** Totals over the partitions of the message log; absent while unknown (never a made-up zero). */
  readonly lag?: Pick<NonNullable<ChatPlatformStatus['workers']>, 'lag' | 'partitions' | 'partitionsWithLag'>;
}

/** What to watch: a change of it starts over. */
export interface KafkaTarget {
  readonly platform: { readonly namespace: string; readonly name: string };
  readonly spec: ChatPlatformSpec;
  readonly connection: KafkaConfig;
  /** Paused: topics are looked at, not touched. */
  readonly readOnly: boolean;
}

/** What a watch is given. */
export interface KafkaWatchDeps {
  readonly connect: (config: KafkaConfig) => Kafka;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Throws when this process may not write (lost leadership). */
  readonly fence: () => void;
  /** Called when something worth a pass changed. */
  readonly onChange: () => void;
  /** Called with topics that did not exist before. */
  readonly onCreated: (topics: readonly string[]) => void;
}

/** Follows one platform's Kafka beside the passes, which never wait for it. */
export interface KafkaWatch {
  observation(): KafkaObservation;
  aim(target: KafkaTarget): void;
  deleteTopics(topics: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

// The status shows lag this often; topics are compared again every 20th time.
const LAG_EVERY_MS = 15_000;
const RETRY_MS = 3000;
const TOPICS_EVERY = 20;
const NOTHING: KafkaObservation = { reachable: undefined, topics: [] };

/** Starts following nothing until it is aimed. */
export function kafkaWatch(deps: KafkaWatchDeps): KafkaWatch {
  let target: KafkaTarget | undefined;
  let aimedAt = '';
  let kafka: { client: Kafka; admin: KafkaAdmin; address: string } | undefined;
  let seen: KafkaObservation = NOTHING;
  let turns = 0;
  let failures = 0;
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;

  const adminFor = (config: KafkaConfig): KafkaAdmin => {
    const address = canonical(config);
    if (kafka && kafka.address !== address) {
      void kafka.client.close().catch(() => undefined);
      kafka = undefined;
    }
    if (!kafka) {
      const client = deps.connect(config);
      kafka = { client, admin: client.admin(), address };
    }
    return kafka.admin;
  };

  const look = async (aim: KafkaTarget): Promise<KafkaObservation> => {
    const admin = adminFor(aim.connection);
    const clusterId = await admin.clusterId();
    const plans = topicPlans(aim.spec, aim.platform);
    const topics =
      turns % TOPICS_EVERY === 0 || seen.topics.length === 0
        ? await settleTopics(admin, plans, aim)
        : seen.topics;
    turns += 1;
    const { groups } = names(aim.platform.namespace, aim.platform.name);
    const lag = await admin.groupLag(groups.chat, plans[0].name).then(totals, () => undefined);
    return { reachable: true, clusterId, topics, ...(lag ? { lag } : {}) };
  };

  const settleTopics = async (
    admin: KafkaAdmin,
    plans: readonly TopicPlan[],
    aim: KafkaTarget,
  ): Promise<TopicState[]> => {
    if (aim.readOnly) return admin.describeTopics(plans.map((plan) => plan.name));
    deps.fence();
    const states = await admin.ensureTopics(plans);
    const created = states.filter((state) => state.outcome === 'created').map((state) => state.name);
    if (created.length > 0) deps.onCreated(created);
    const control = names(aim.platform.namespace, aim.platform.name).topics.control;
    await admin.ensureEpoch(control);
    return states;
  };

  const turn = async (): Promise<void> => {
    if (!target || stopped) return;
    const before = canonical(seen);
    try {
      seen = await look(target);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (seen.reachable === false || failures >= PATIENT_LOOKS) seen = unreachable(seen, error);
      turns = 0;
    }
    if (stopped) return;
    if (canonical(seen) !== before) deps.onChange();
    timer = deps.clock.setTimeout(start, failures === 0 ? LAG_EVERY_MS : RETRY_MS);
  };

  function start(): void {
    running = turn().finally(() => (running = undefined));
  }

  return {
    observation: () => seen,
    aim: (next) => {
      const wanted = canonical({ ...next, spec: next.spec.kafka });
      target = next;
      if (wanted === aimedAt || stopped) return;
      aimedAt = wanted;
      turns = 0;
      seen = { ...seen, topics: [] };
      timer?.cancel();
      if (!running) start();
    },
    deleteTopics: async (topics) => {
      deps.fence();
      if (target) await adminFor(target.connection).deleteTopics(topics);
    },
    stop: async () => {
      stopped = true;
      timer?.cancel();
      await kafka?.client.close().catch(() => undefined);
      await running;
    },
  };
}

function unreachable({ lag: _stale, ...rest }: KafkaObservation, error: unknown): KafkaObservation {
  return { ...rest, reachable: false, problem: error instanceof Error ? error.message : String(error) };
}

function totals(partitions: readonly PartitionLag[]): KafkaObservation['lag'] {
  return {
    lag: partitions.reduce((sum, partition) => sum + partition.lag, 0),
    partitions: partitions.length,
    partitionsWithLag: partitions.filter((partition) => partition.lag > 0).length,
  };
}

const MECHANISMS = {
  PLAIN: 'plain',
  'SCRAM-SHA-256': 'scram-sha-256',
  'SCRAM-SHA-512': 'scram-sha-512',
} as const;

/** Turns a program's connection (secrets as files) into the operator's own (secrets from the API). */
export async function kafkaConfigOf(
  connection: KafkaConnection,
  spec: ChatPlatformSpec,
  readSecret: (name: string, key: string) => Promise<string>,
): Promise<KafkaConfig> {
  const ca = spec.kafka.external?.tls?.caSecretRef;
  const sasl = spec.kafka.external?.sasl;
  return {
    bootstrapServers: connection.bootstrapServers,
    clientId: 'chatplatform-operator',
    ...(connection.tls ? { tls: ca ? { ca: await readSecret(ca.name, ca.key) } : {} } : {}),
    ...(sasl
      ? {
          sasl: {
            mechanism: MECHANISMS[sasl.mechanism],
            username: await readSecret(sasl.secretRef.name, 'username'),
            password: await readSecret(sasl.secretRef.name, 'password'),
          },
        }
      : {}),
  };
}

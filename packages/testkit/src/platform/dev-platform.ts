import type { KafkaAdmin } from '@chatplatform/kafka';
import {
  API_VERSION,
  KIND,
  names,
  parseChatPlatform,
  topicPlans,
  type ChatPlatformSpec,
  type ChatPlatformSpecInput,
} from '@chatplatform/platform';
import { systemClock } from '@chatplatform/runtime';

/** A platform as tests run it, on stores of their own. */
export interface DevPlatform {
  readonly namespace: string;
  readonly name: string;
  readonly auth: { readonly issuer: string; readonly audience: string };
  /** Of the topic of messages; default 6. */
  readonly partitions?: number;
  /** Brokers; with three of them no acknowledged message depends on one. Default one. */
  readonly brokers?: readonly string[];
  readonly driver?: ChatPlatformSpec['kafka']['driver'];
  readonly rooms?: ChatPlatformSpecInput['rooms'];
}

const PARTITIONS = 6;
const REPLICAS = 3;
/** Ten seconds: a topic just made has no leader for a moment, and of three brokers not all know of it at once. */
const ATTEMPTS = 100;
const PAUSE_MS = 100;

/** The specification of a platform of tests: that of a Dev resource. Its tokens are signed with a shared secret. */
export function devSpec(platform: DevPlatform): ChatPlatformSpec {
  const { namespace, name, auth, partitions = PARTITIONS, brokers = [], driver, rooms = [] } = platform;
  const safe = brokers.length >= REPLICAS;
  return parseChatPlatform({
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { namespace, name },
    spec: {
      profile: 'Dev',
      auth: { ...auth, algorithms: ['HS256'], keySecretRef: { name: 'key' } },
      kafka: {
        ...(safe
          ? { mode: 'External', external: { bootstrapServers: [...brokers] } }
          : { mode: 'EmbeddedDev' }),
        ...(driver && { driver }),
        messages: {
          partitions,
          replicationFactor: safe ? REPLICAS : 1,
          minInSyncReplicas: safe ? REPLICAS - 1 : 1,
        },
      },
      redis: { mode: 'SingleDev' },
      rooms,
    },
  }).spec;
}

/** Makes the topics of a platform and its epoch, as the operator does. */
export async function makeTopics(
  admin: KafkaAdmin,
  spec: ChatPlatformSpec,
  { namespace, name }: Pick<DevPlatform, 'namespace' | 'name'>,
): Promise<void> {
  await retried(() => admin.ensureTopics(topicPlans(spec, { namespace, name })));
  const { control } = names(namespace, name).topics;
  await retried(() => admin.ensureEpoch(control));
}

async function retried(act: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await act();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !isPassing(error)) throw error;
      await systemClock.sleep(PAUSE_MS);
    }
  }
}

/** Also that a broker has not heard of a topic just made. */
function isPassing(error: unknown): boolean {
  const { code, retryable } = error as { code?: string; retryable?: boolean };
  return retryable === true || code === 'unknown-topic';
}

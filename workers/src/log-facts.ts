import type { KafkaAdmin } from '@chatplatform/kafka';
import type { PlatformNames } from '@chatplatform/platform';
import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';

/** Waits between questions while Kafka or its topics are not there yet, ms. */
const RETRY = { base: 250, factor: 2, max: 5_000, jitter: 0.5 } as const;

/** What must be known of the log before a record can be handled. */
export interface LogFacts {
  readonly epoch: string;
  readonly partitions: { readonly messages: number; readonly events: number; readonly deadLetters: number };
}

interface Deps {
  readonly admin: KafkaAdmin;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Asks until Kafka answers and the topics exist: a dependency that is down at start is no reason to exit. */
export async function learnLogFacts(topics: PlatformNames['topics'], deps: Deps): Promise<LogFacts> {
  const wait = backoff(RETRY, deps.random);
  for (;;) {
    try {
      return await ask(topics, deps.admin);
    } catch (error) {
      deps.logger.warn({ err: error }, 'Kafka or a topic is not there yet; asking again');
    }
    await deps.clock.sleep(wait.next(), deps.signal);
  }
}

async function ask(topics: PlatformNames['topics'], admin: KafkaAdmin): Promise<LogFacts> {
  const [messages, events, deadLetters] = await Promise.all([
    admin.partitionCount(topics.messages),
    admin.partitionCount(topics.events),
    admin.partitionCount(topics.deadLetters),
  ]);
  const epoch = await admin.ensureEpoch(topics.control);
  return { epoch, partitions: { messages, events, deadLetters } };
}

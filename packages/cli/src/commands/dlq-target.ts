import { existsSync } from 'node:fs';
import {
  openKafka,
  readKafkaConfig,
  readSigningKeys,
  signer,
  type Kafka,
  type Sign,
} from '@chatplatform/kafka';
import { names, WorkerConfig, type KafkaConnection } from '@chatplatform/platform';
import { loadConfig, systemClock, systemRandom } from '@chatplatform/runtime';
import type { CommandContext, CommandOption } from '../command.ts';
import { CliError } from '../errors.ts';
import { Instance, newestInstance } from '../instance/instance.ts';
import { DeadLetterBox } from './dlq-box.ts';

/** Options by which a command finds the Kafka of a platform. */
export const brokerOptions = {
  instance: {
    type: 'string',
    value: 'NAME',
    help: 'a platform of processes on this machine (default: the newest)',
  },
  brokers: { type: 'string', value: 'HOST:PORT,...', help: 'Kafka of any other platform, with --platform' },
  platform: { type: 'string', value: 'NAMESPACE.NAME', help: 'whose topics, with --brokers' },
  config: {
    type: 'string',
    value: 'FILE',
    help: 'configuration of a worker: names Kafka, its credentials and the platform',
  },
  'signing-keys': {
    type: 'string',
    value: 'FILE',
    help: 'keys to sign records with (default: the platform’s)',
  },
} as const satisfies Record<string, CommandOption>;

type BrokerInput = { readonly [K in keyof typeof brokerOptions]?: string };

interface Found {
  readonly connection: KafkaConnection;
  readonly platform: { readonly namespace: string; readonly name: string };
  readonly keysFile: string | undefined;
}

/** The dead letters the options mean. Close the Kafka afterwards. @throws CliError `usage` or `not-running` */
export async function openBox(
  options: BrokerInput,
  context: Pick<CommandContext, 'cache' | 'note'>,
): Promise<{ box: DeadLetterBox; kafka: Kafka }> {
  const { connection, platform, keysFile } = find(options, context);
  const { topics, prefix } = names(platform.namespace, platform.name);
  const trouble = (fields: object, message: string): void => {
    const { err } = fields as { err?: { message?: string } };
    context.note(err?.message === undefined ? message : `${message}: ${err.message}`);
  };
  const logger = { debug: () => undefined, info: () => undefined, warn: trouble, error: trouble };
  const kafka = await openKafka(readKafkaConfig(connection, `${prefix}.chatctl`), {
    logger,
    clock: systemClock,
    random: systemRandom,
  });
  const sign = keysFile === undefined ? undefined : readSigner(keysFile);
  return { box: new DeadLetterBox({ kafka, topics, clock: systemClock, sign }), kafka };
}

function find(options: BrokerInput, context: Pick<CommandContext, 'cache'>): Found {
  const { brokers, config } = options;
  const found =
    brokers !== undefined
      ? given(brokers, options.platform)
      : configured(config ?? ofInstance(options, context));
  return { ...found, keysFile: options['signing-keys'] ?? found.keysFile };
}

function given(brokers: string, platform: string | undefined): Found {
  const [namespace, name, ...more] = (platform ?? '').split('.');
  if (namespace === undefined || name === undefined || more.length > 0) {
    throw new CliError(
      'usage',
      platform === undefined ? '--brokers does not say whose topics' : `--platform is "${platform}"`,
      'add --platform NAMESPACE.NAME, such as chat.demo',
    );
  }
  const bootstrapServers = brokers.split(',').map((each) => each.trim());
  return { connection: { bootstrapServers }, platform: { namespace, name }, keysFile: undefined };
}

function configured(file: string): Found {
  try {
    const config = loadConfig({ schema: WorkerConfig, file, env: {}, envPrefix: 'CHAT' });
    const { kafka: connection, platform, signing } = config;
    return { connection, platform, keysFile: signing?.keysFile };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', message, 'give the configuration file of a worker with --config', {
      cause: error,
    });
  }
}

/** The configuration of a worker of a platform on this machine. */
function ofInstance({ instance: name }: BrokerInput, { cache }: Pick<CommandContext, 'cache'>): string {
  const instance = name === undefined ? newestInstance(cache) : new Instance(cache, name);
  const file = instance?.path('config', 'worker-1.json');
  if (file !== undefined && existsSync(file)) return file;
  const what =
    instance?.readEndpoint() === undefined
      ? 'no platform was brought up on this machine'
      : `the platform "${instance.name}" does not run as processes, so its Kafka is not known here`;
  throw new CliError(
    'not-running',
    what,
    'bring one up with `make up`, give --brokers HOST:PORT --platform NAMESPACE.NAME, or ask inside a worker pod: kubectl exec deploy/NAME-worker -- node /app/main.js chatctl dlq list --config /etc/chatplatform/config/config.json',
  );
}

function readSigner(file: string): Sign {
  try {
    const keys = readSigningKeys(file);
    return signer(() => keys);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', message, 'give the keys of the platform with --signing-keys', {
      cause: error,
    });
  }
}

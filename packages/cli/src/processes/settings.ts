import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import {
  gatewayConfig,
  gatewayLive,
  parseChatPlatform,
  workerConfig,
  type ChatPlatform,
  type KafkaConnection,
  type RedisConnectionConfig,
  type Surroundings,
} from '@chatplatform/platform';
import type { SigningKeys } from '@chatplatform/kafka';
import { CliError } from '../errors.ts';
import type { Instance } from '../instance/instance.ts';

/** Where the stores of a platform listen. */
export interface StoreAddresses {
  readonly kafka: KafkaConnection;
  readonly redis: RedisConnectionConfig;
}

/** The namespace of a resource that names none, as for kubectl. */
const DEFAULT_NAMESPACE = 'default';
/** Bytes of generated keys: HS256 wants at least as many as its hash has. */
const KEY_BYTES = 32;
/**
 * On one machine there is no load balancer to wait for, and whoever stops the platform waits for the drain, so
 * it is short.
 */
const DRAIN = { startDelaySeconds: 0, timeoutSeconds: 5 };

/** Reads the one ChatPlatform in a YAML file; other resources beside it are ignored. @throws CliError `usage` */
export function readPlatform(file: string): ChatPlatform {
  let documents: unknown[];
  try {
    documents = readFileSync(file, 'utf8')
      .split(/^---\s*$/m)
      .map((text): unknown => parse(text));
  } catch (error) {
    throw new CliError('usage', `${file} cannot be read: ${String(error)}`, 'give a YAML file with --file', {
      cause: error,
    });
  }
  const platforms = documents.filter((each) => (each as { kind?: unknown } | null)?.kind === 'ChatPlatform');
  if (platforms.length !== 1) {
    throw new CliError(
      'usage',
      `${file} holds ${platforms.length} ChatPlatform resources`,
      'give a file with exactly one',
    );
  }
  try {
    return parseChatPlatform(platforms[0]);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', `${file}: ${text}`, 'correct the file and try again', { cause: error });
  }
}

/** Identity of the platform: prefix of topics and keys. */
export function identityOf(platform: ChatPlatform): { namespace: string; name: string } {
  return { namespace: platform.metadata.namespace ?? DEFAULT_NAMESPACE, name: platform.metadata.name };
}

/** Paths of the generated keys; made once per instance, so that tokens and sessions outlive a restart. */
export interface KeyFiles {
  readonly auth: string;
  readonly resume: string;
  readonly admin: string;
  /** Keys that records of the message log are signed with. */
  readonly signing: string;
}

export function ensureKeys(instance: Instance): KeyFiles {
  return {
    auth: ensureKey(instance, 'auth'),
    resume: ensureKey(instance, 'resume'),
    admin: ensureKey(instance, 'admin'),
    signing: ensureKey(instance, 'signing.json', firstSigningKey),
  };
}

function ensureKey(instance: Instance, name: string, make: () => string = randomText): string {
  const file = instance.path('keys', name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
  return file;
}

function randomText(): string {
  return randomBytes(KEY_BYTES).toString('hex');
}

function firstSigningKey(): string {
  const keys: SigningKeys = { active: 'k1', keys: { k1: randomBytes(KEY_BYTES).toString('base64') } };
  return `${JSON.stringify(keys, null, 2)}\n`;
}

/** One secret per webhook, made like the keys; returns their folder. Whoever receives the requests reads it there. */
function ensureWebhookSecrets(instance: Instance, platform: ChatPlatform): string {
  for (const { name } of platform.spec.notifications.webhooks) ensureKey(instance, join('webhooks', name));
  return instance.path('keys', 'webhooks');
}

/**
 * The folder with the modules that judge messages: it stands beside the platform's file and is named like the
 * ConfigMap it stands for.
 */
function rulesFolder(platform: ChatPlatform, file: string): string {
  return resolve(dirname(file), platform.spec.workers.rules?.configMapRef.name ?? '');
}

/** Writes configuration files of programs, by the mapping the operator uses too. */
export class SettingsWriter {
  readonly #instance: Instance;
  readonly #platform: ChatPlatform;
  readonly #around: Surroundings;

  /** @param source the platform and the file it comes from */
  constructor(instance: Instance, source: { platform: ChatPlatform; file: string }, stores: StoreAddresses) {
    const { platform, file } = source;
    this.#instance = instance;
    this.#platform = platform;
    const keys = ensureKeys(instance);
    mkdirSync(instance.path('config'), { recursive: true, mode: 0o700 });
    const live = this.#write('gateway-live', gatewayLive(platform.spec));
    this.#around = {
      platform: identityOf(platform),
      kafka: stores.kafka,
      redis: stores.redis,
      paths: {
        authKey: keys.auth,
        resumeKey: keys.resume,
        adminToken: keys.admin,
        live,
        signingKeys: keys.signing,
        webhookSecrets: ensureWebhookSecrets(instance, platform),
        rules: rulesFolder(platform, file),
      },
    };
  }

  /** @returns the path of the file; all gateways listen on one port, and the kernel shares out connections */
  gateway(name: string, ports: { public: number; admin: number }): string {
    const config = gatewayConfig(this.#platform.spec, this.#around);
    return this.#write(name, {
      ...config,
      listen: { host: '127.0.0.1', port: ports.public, reusePort: true },
      admin: { ...config.admin, host: '127.0.0.1', port: ports.admin },
      drain: { ...config.drain, ...DRAIN },
    });
  }

  worker(name: string, adminPort: number): string {
    const config = workerConfig(this.#platform.spec, this.#around);
    // The supervisor starts a program again only when it has ended, so the name is never used twice at a time.
    return this.#write(name, { ...config, instance: name, admin: { host: '127.0.0.1', port: adminPort } });
  }

  #write(name: string, value: unknown): string {
    const file = this.#instance.path('config', `${name}.json`);
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    return file;
  }
}

import type { CommandContext, CommandOption } from '../command.ts';
import { CliError } from '../errors.ts';
import { mintToken, readKey } from '../token.ts';
import { Instance, newestInstance, type Endpoint } from './instance.ts';

/** Options by which a command finds the platform it talks to. */
export const targetOptions = {
  instance: {
    type: 'string',
    value: 'NAME',
    help: 'a platform brought up on this machine (default: the newest)',
  },
  url: {
    type: 'string',
    value: 'URL',
    help: 'WebSocket address of any other platform, such as wss://chat.example.com/ws',
  },
  token: { type: 'string', value: 'JWT', help: 'token for --url; otherwise one is minted' },
  'key-file': { type: 'string', value: 'FILE', help: 'shared key to mint tokens with for --url' },
  issuer: { type: 'string', value: 'TEXT', help: 'issuer of minted tokens for --url' },
  audience: { type: 'string', value: 'TEXT', help: 'audience of minted tokens for --url' },
} as const satisfies Record<string, CommandOption>;

type TargetInput = { readonly [K in keyof typeof targetOptions]?: string };

/** A platform to talk to. */
export interface Target {
  readonly url: string;
  /** A token for this user, good for a day. */
  readonly token: (user: string) => Promise<string>;
}

/** Long enough for any run of a command, short enough to be harmless in a shell history. */
const TOKEN_TTL_SECONDS = 24 * 3600;

/** Finds the platform the options mean. @throws CliError `usage` or `not-running` with the way out */
export function findTarget(options: TargetInput, context: Pick<CommandContext, 'cache'>): Target {
  const { token } = options;
  if (options.url !== undefined && token !== undefined)
    return { url: options.url, token: () => Promise.resolve(token) };
  const endpoint = findSigner(options, context);
  const key = readKey(endpoint.keyFile);
  const { issuer, audience } = endpoint;
  return {
    url: endpoint.url,
    token: async (user) => mintToken(await key, { user, issuer, audience, ttlSeconds: TOKEN_TTL_SECONDS }),
  };
}

/** Address and key of the platform the options mean. @throws CliError `usage` or `not-running` with the way out */
export function findSigner(options: TargetInput, context: Pick<CommandContext, 'cache'>): Endpoint {
  return options.url === undefined
    ? localEndpoint(options.instance, context)
    : remoteEndpoint(options, options.url);
}

/** The endpoint of a platform on this machine. @throws CliError `not-running` */
export function localEndpoint(name: string | undefined, context: Pick<CommandContext, 'cache'>): Endpoint {
  const instance = name === undefined ? newestInstance(context.cache) : new Instance(context.cache, name);
  const endpoint = instance?.readEndpoint();
  if (endpoint !== undefined) return endpoint;
  const what =
    name === undefined
      ? 'no platform was brought up on this machine'
      : `there is no platform "${name}" on this machine`;
  throw new CliError('not-running', what, 'bring one up with `make up`, or name another with --url');
}

function remoteEndpoint(options: TargetInput, url: string): Endpoint {
  const { issuer, audience } = options;
  const keyFile = options['key-file'];
  if (issuer === undefined || audience === undefined || keyFile === undefined) {
    const remedy = 'give --token, or --key-file with --issuer and --audience to mint one';
    throw new CliError('usage', `--url ${url} needs a token`, remedy);
  }
  return { url, issuer, audience, keyFile };
}

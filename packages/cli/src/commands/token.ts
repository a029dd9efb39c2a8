import { command, wholeNumber, type CommandContext } from '../command.ts';
import { CliError } from '../errors.ts';
import type { Endpoint } from '../instance/instance.ts';
import { localEndpoint } from '../instance/target.ts';
import { mintToken, readKey } from '../token.ts';

const MAX_TTL_SECONDS = 365 * 24 * 3600;

/** `chatctl token`: a development JWT on standard output. */
export const token = command({
  name: 'token',
  summary: 'mint a token with the development key',
  arguments: [],
  options: {
    user: { type: 'string', value: 'NAME', help: 'whose token (claim sub)' },
    caps: {
      type: 'string',
      value: 'JSON',
      help: 'rights by room pattern (default: every room, no administration)',
    },
    ttl: { type: 'string', value: 'SECONDS', help: 'until it expires', default: '3600' },
    instance: { type: 'string', value: 'NAME', help: 'platform whose key signs (default: the newest)' },
    'key-file': { type: 'string', value: 'FILE', help: 'another key, with --issuer and --audience' },
    issuer: { type: 'string', value: 'TEXT', help: 'claim iss' },
    audience: { type: 'string', value: 'TEXT', help: 'claim aud' },
  },
  examples: ['chatctl token --user ann', `chatctl token --user bob --caps '{"team:*":["join","publish"]}'`],
  run: async ({ options }, context) => {
    if (options.user === undefined) throw new CliError('usage', 'a token needs a user', 'add --user NAME');
    const ttlSeconds = wholeNumber(options.ttl ?? '3600', 'ttl', { min: 1, max: MAX_TTL_SECONDS });
    const { keyFile, issuer, audience } = signer(options, context);
    const claims = { user: options.user, issuer, audience, ttlSeconds, caps: parseCaps(options.caps) };
    context.out(await mintToken(await readKey(keyFile), claims));
    return 0;
  },
});

interface SignerOptions {
  readonly instance?: string;
  readonly 'key-file'?: string;
  readonly issuer?: string;
  readonly audience?: string;
}

/** Whose key signs, and for whom: a platform of this machine, or all three given. */
function signer(
  options: SignerOptions,
  context: CommandContext,
): Pick<Endpoint, 'keyFile' | 'issuer' | 'audience'> {
  const { 'key-file': keyFile, issuer, audience } = options;
  if (keyFile === undefined) {
    const endpoint = localEndpoint(options.instance, context);
    return {
      keyFile: endpoint.keyFile,
      issuer: issuer ?? endpoint.issuer,
      audience: audience ?? endpoint.audience,
    };
  }
  if (issuer !== undefined && audience !== undefined) return { keyFile, issuer, audience };
  throw new CliError(
    'usage',
    '--key-file alone does not say whom the token is for',
    'add --issuer and --audience',
  );
}

function parseCaps(text: string | undefined): Record<string, string[]> | undefined {
  if (text === undefined) return undefined;
  const remedy = `write JSON such as '{"team:*":["join","publish"]}'`;
  try {
    const value: unknown = JSON.parse(text);
    if (
      value !== null &&
      typeof value === 'object' &&
      Object.values(value).every((each) => Array.isArray(each))
    ) {
      return value as Record<string, string[]>;
    }
  } catch (error) {
    throw new CliError('usage', `--caps is not JSON: ${text}`, remedy, { cause: error });
  }
  throw new CliError('usage', `--caps must map room patterns to lists of rights, not ${text}`, remedy);
}

import { readFileSync } from 'node:fs';
import { decodeJwt } from 'jose';
import { escapeUser } from '@chatplatform/protocol';
import { conformanceSuite, type AdminPort, type Stage } from '@chatplatform/protocol/conformance';
import { command, wholeNumber, type CommandContext } from '../command.ts';
import { adminPort } from '../conformance/admin.ts';
import { reportOf } from '../conformance/report.ts';
import { runSuite } from '../conformance/run.ts';
import { openStage } from '../conformance/stage.ts';
import { CliError } from '../errors.ts';
import { Instance, newestInstance } from '../instance/instance.ts';
import { findSigner, targetOptions } from '../instance/target.ts';
import { mintToken, readKey } from '../token.ts';

const MAX_PARALLEL = 32;
/** With one token all cases share the rates of one user. */
const ONE_USER_PARALLEL = 1;
const TOKEN_SECONDS = 3600;

/** `chatctl conformance`: does a gateway do what the protocol page says? */
export const conformance = command({
  name: 'conformance',
  summary: 'hold a gateway against every row of the protocol page (docs/protocol/cp1.md)',
  arguments: ['[URL...]'],
  options: {
    ...targetOptions,
    namespace: {
      type: 'string',
      value: 'NAME',
      help: 'rooms of this namespace are used',
      default: 'conformance',
    },
    latest: { type: 'string', value: 'NAME', help: 'a namespace of the kind latest' },
    quiet: { type: 'string', value: 'NAME', help: 'a namespace without presence and receipts' },
    admin: {
      type: 'string',
      value: 'URL',
      help: 'admin port of one gateway: it will be drained for a while',
    },
    'admin-token-file': { type: 'string', value: 'FILE', help: 'token for --admin' },
    only: { type: 'string', value: 'TEXT', help: 'cases whose name holds this text' },
    parallel: { type: 'string', value: 'COUNT', help: 'cases at a time', default: '6' },
  },
  examples: [
    'chatctl conformance',
    'chatctl conformance wss://chat.example.com/ws --token "$JWT"',
    'chatctl conformance ws://127.0.0.1:8080/ws --key-file key --issuer demo --audience chat --latest live --quiet plain',
  ],
  run: async ({ positionals, options }, context) => {
    const [address, more] = positionals;
    if (more !== undefined) {
      throw new CliError('usage', `one address, not also ${more}`, 'run it once per address');
    }
    const target = { ...options, ...(address !== undefined && { url: address }) };
    const stage = openStage({
      ...(await door(target, context)),
      ...places(options),
      admin: adminOf(target, context),
    });
    const cases = conformanceSuite.filter(({ id }) => id.includes(options.only ?? ''));
    if (cases.length === 0)
      throw new CliError('usage', `no case holds "${options.only}"`, 'see docs/protocol/conformance');
    const wanted = wholeNumber(options.parallel ?? '6', 'parallel', { min: 1, max: MAX_PARALLEL });
    const begun = performance.now();
    const results = await runSuite(cases, stage, {
      parallel: stage.has('users') ? wanted : ONE_USER_PARALLEL,
      signal: context.signal,
      onResult: ({ case: { id }, verdict, why, ms }) =>
        context.note(`${verdict.padEnd(8)} ${id} ${verdict === 'ok' ? `(${ms} ms)` : why}`),
    });
    const report = reportOf(results, Math.round((performance.now() - begun) / 1000));
    for (const line of report.lines) context.out(line);
    context.out(report.summary);
    return report.failed === 0 && results.some(({ verdict }) => verdict === 'ok') ? 0 : 1;
  },
});

type Target = { readonly [K in keyof typeof targetOptions]?: string };

/** Address and tokens. */
async function door(
  target: Target,
  context: CommandContext,
): Promise<{ url: string; token: Stage['token']; user: string | undefined }> {
  const { url, token } = target;
  if (url !== undefined && token !== undefined) {
    return { url, token: () => Promise.resolve(token), user: userOf(token) };
  }
  const signer = findSigner(target, context);
  const key = await readKey(signer.keyFile);
  const { issuer, audience } = signer;
  return {
    url: signer.url,
    user: undefined,
    token: (user, { caps, seconds }) =>
      mintToken(key, { user, issuer, audience, caps, ttlSeconds: seconds ?? TOKEN_SECONDS }),
  };
}

function userOf(token: string): string {
  let subject: string | undefined;
  try {
    subject = decodeJwt(token).sub;
  } catch {
    subject = undefined;
  }
  const user = escapeUser(subject ?? '');
  if (user !== undefined) return user;
  throw new CliError('usage', '--token is no JWT with a subject', 'give a token that the platform accepts');
}

function places(options: { namespace?: string; latest?: string; quiet?: string }): {
  namespaces: Stage['namespaces'];
} {
  const { namespace = 'conformance', latest, quiet } = options;
  return { namespaces: { plain: namespace, latest, quiet } };
}

/** The admin port that was named, or that of the first gateway of a platform on this machine. */
function adminOf(
  options: Target & { admin?: string; 'admin-token-file'?: string },
  context: CommandContext,
): AdminPort | undefined {
  const file = options['admin-token-file'];
  const token = file === undefined ? undefined : readFileSync(file, 'utf8').trim();
  const admin =
    options.admin ?? (options.url === undefined ? localAdmin(options.instance, context) : undefined);
  return admin === undefined ? undefined : adminPort(admin, token);
}

function localAdmin(name: string | undefined, { cache }: CommandContext): string | undefined {
  const instance = name === undefined ? newestInstance(cache) : new Instance(cache, name);
  const gateways = instance?.readProcesses()?.programs.filter(({ role }) => role === 'gateway') ?? [];
  // With one gateway nobody could move anywhere.
  return gateways.length < 2 ? undefined : gateways[0]?.admin;
}

import { join } from 'node:path';
import { freePorts } from '@chatplatform/testkit';
import type { ChatPlatform } from '@chatplatform/platform';
import { CliError } from '../errors.ts';
import type { Endpoint, Instance } from '../instance/instance.ts';
import type { ProgramPlan } from './program.ts';
import { ensureKeys, SettingsWriter, type StoreAddresses } from './settings.ts';

/** Everything that runs beside the stores, and where people reach it. */
export interface Layout {
  readonly programs: readonly ProgramPlan[];
  readonly endpoint: Endpoint;
}

export interface LayoutInput {
  readonly instance: Instance;
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: ChatPlatform;
  /** Where the platform comes from. */
  readonly file: string;
  readonly stores: StoreAddresses;
  /** Port of the demo page; absent = 8080 when it is free. */
  readonly port?: number;
}

/** Two of each: the smallest number that shows what happens when one goes. */
const GATEWAYS = 2;
const WORKERS = 2;
const HOST = '127.0.0.1';
/** Where people look first. */
const USUAL_PORT = 8080;
/** Decides ports, writes the configuration files, and says what to run. */
export async function layOut(input: LayoutInput): Promise<Layout> {
  const { instance, platform, stores, file } = input;
  const settings = new SettingsWriter(instance, { platform, file }, stores);
  const ports = await freePorts(1 + GATEWAYS + WORKERS, HOST);
  const next = (): number => ports.pop() as number;
  const publicPort = next();
  const pagePort = await choosePagePort(input.port);
  const plan = planner(input);
  const programs: ProgramPlan[] = [];
  for (let number = 1; number <= GATEWAYS; number += 1) {
    const admin = next();
    const file = settings.gateway(`gateway-${number}`, { public: publicPort, admin });
    programs.push(plan({ role: 'gateway', name: `gateway-${number}`, admin, args: ['--config', file] }));
  }
  for (let number = 1; number <= WORKERS; number += 1) {
    const admin = next();
    const file = settings.worker(`worker-${number}`, admin);
    programs.push(plan({ role: 'worker', name: `worker-${number}`, admin, args: ['--config', file] }));
  }
  const url = `ws://${HOST}:${publicPort}/ws`;
  programs.push({
    ...plan({ role: 'web-chat', name: 'web-chat', admin: pagePort, args: [] }),
    ...webChat(input, pagePort, url),
  });
  const { issuer, audience } = platform.spec.auth;
  const keyFile = ensureKeys(instance).auth;
  return { programs, endpoint: { url, page: `http://${HOST}:${pagePort}`, issuer, audience, keyFile } };
}

interface Part {
  readonly role: 'gateway' | 'worker' | 'web-chat';
  readonly name: string;
  readonly admin: number;
  readonly args: readonly string[];
}

const LIBRARIES = ['protocol', 'runtime', 'telemetry', 'kafka', 'redis', 'platform'].map(
  (name) => `packages/${name}`,
);
/** What each program is made of: a change below makes it stale. */
const SOURCES = {
  gateway: ['gateway', ...LIBRARIES],
  worker: ['workers', ...LIBRARIES],
  'web-chat': ['examples/web-chat', 'packages/client', 'packages/protocol'],
};

function planner(input: LayoutInput): (part: Part) => ProgramPlan {
  return (part) => ({
    name: part.name,
    role: part.role,
    command: process.execPath,
    args: [
      '--conditions=@chatplatform/source',
      '--disable-warning=ExperimentalWarning',
      ...entryOf(input.root, part.role),
      ...part.args,
    ],
    env: input.env,
    cwd: input.root,
    logFile: input.instance.path('logs', `${part.name}.log`),
    admin: `http://${HOST}:${part.admin}`,
    readyPath: part.role === 'web-chat' ? '/healthz' : '/readyz',
    sources: SOURCES[part.role],
  });
}

/** The demo page is built from its sources when its server starts; in the image it is built already. */
function entryOf(root: string, role: Part['role']): string[] {
  if (role === 'web-chat') return [join(root, 'examples', 'web-chat', 'serve.ts')];
  return [join(root, 'tools', 'images', 'main.ts'), role];
}

/** The demo page gets the key to mint guest tokens and passes `/ws` on to the gateways. */
function webChat(input: LayoutInput, port: number, gateway: string): Pick<ProgramPlan, 'env'> {
  const { issuer, audience } = input.platform.spec.auth;
  return {
    env: {
      ...input.env,
      PORT: String(port),
      HOST,
      KEY_FILE: ensureKeys(input.instance).auth,
      GATEWAY_URL: gateway,
      ISSUER: issuer,
      AUDIENCE: audience,
    },
  };
}

async function choosePagePort(wanted: number | undefined): Promise<number> {
  const port = wanted ?? USUAL_PORT;
  if (port !== 0 && (await isFree(port))) return port;
  if (wanted !== undefined && wanted !== 0) {
    throw new CliError(
      'usage',
      `port ${wanted} is taken`,
      'choose another with --port, or 0 for any free one',
    );
  }
  return (await freePorts(1, HOST))[0] as number;
}

async function isFree(port: number): Promise<boolean> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

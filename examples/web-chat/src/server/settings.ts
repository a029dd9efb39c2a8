import { parseArgs } from 'node:util';

/** What the server of the demo page is told. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Folder with the built page. */
  readonly page: string;
  /** File with the shared key that guest tokens are signed with. */
  readonly keyFile: string;
  readonly issuer: string;
  readonly audience: string;
  /** The gateways' Service: `/ws` of this server is passed on to it. */
  readonly gateway: URL;
  /** Where browsers find the gateways when not behind this server. */
  readonly publicUrl: string | undefined;
  /** Proxies in front, each of which appends to X-Forwarded-For: so many entries from its end can be believed. */
  readonly proxies: number;
}

/** Settings by name: flag, environment, what they mean. */
const NAMES = {
  host: 'HOST',
  port: 'PORT',
  page: 'PAGE',
  'key-file': 'KEY_FILE',
  issuer: 'ISSUER',
  audience: 'AUDIENCE',
  'gateway-url': 'GATEWAY_URL',
  'public-url': 'PUBLIC_URL',
  proxies: 'PROXIES',
} as const;

type Name = keyof typeof NAMES;

/**
 * Reads the settings: flags, then environment, then defaults.
 *
 * @throws Error that names the setting, its value and what to write.
 */
export function readSettings(argv: string[], env: Readonly<Record<string, string | undefined>>): Settings {
  const options = Object.fromEntries(Object.keys(NAMES).map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ args: argv, options });
  const get = (name: Name): string | undefined => values[name] ?? env[NAMES[name]];
  const need = (name: Name): string => {
    const value = get(name);
    if (value === undefined || value === '')
      throw new Error(`${name} is not set; give --${name} or ${NAMES[name]}`);
    return value;
  };
  return {
    host: get('host') ?? '127.0.0.1',
    port: portOf(get('port') ?? '8080'),
    page: need('page'),
    keyFile: need('key-file'),
    issuer: need('issuer'),
    audience: need('audience'),
    gateway: gatewayOf(need('gateway-url')),
    publicUrl: get('public-url'),
    proxies: proxiesOf(get('proxies') ?? '0'),
  };
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`port is "${text}"; give a number from 0 (any free one) to 65535`);
}

function proxiesOf(text: string): number {
  const proxies = Number(text);
  if (Number.isInteger(proxies) && proxies >= 0 && proxies <= 10) return proxies;
  throw new Error(`proxies is "${text}"; give the number of proxies in front of this server, 0 to 10`);
}

function gatewayOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'ws:' || url?.protocol === 'wss:') return url;
  throw new Error(`gateway-url is "${text}"; give the address of the gateways, such as ws://demo-gateway/ws`);
}

import { readFile } from 'node:fs/promises';
import { GuestThrottle } from './guest-throttle.ts';
import { Guests } from './guests.ts';
import { startWebChat } from './server.ts';
import { readSettings } from './settings.ts';
import { SocketProxy } from './socket-proxy.ts';
import { loadFiles } from './static-files.ts';

/**
 * Runs the server of the demo page until the process is told to stop. Settings are flags (`--port 8080`)
 * or environment (`PORT=8080`): host, port, page, key-file, issuer, audience, gateway-url, public-url, proxies.
 */
export async function main(argv: string[]): Promise<void> {
  const settings = readSettings(argv, process.env);
  const key = new TextEncoder().encode((await readFile(settings.keyFile, 'utf8')).trim());
  const { issuer, audience, host, port, publicUrl } = settings;
  const chat = await startWebChat({
    host,
    port,
    publicUrl,
    files: await loadFiles(settings.page),
    guests: new Guests({ key, issuer, audience }),
    throttle: new GuestThrottle({ proxies: settings.proxies, now: () => performance.now() }),
    sockets: new SocketProxy(settings.gateway),
  });
  log('serving', { url: chat.url, gateway: settings.gateway.href });
  const stop = (signal: string): void => {
    log('stopping', { signal });
    void chat.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function log(msg: string, fields: object): void {
  process.stdout.write(
    `${JSON.stringify({ level: 'info', time: Date.now(), name: 'web-chat', ...fields, msg })}\n`,
  );
}

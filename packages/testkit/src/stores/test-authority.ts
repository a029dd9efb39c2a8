import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StoreError } from './store-error.ts';

const run = promisify(execFile);

/** No test outlives a month, and a certificate that leaks out of one is worth nothing soon. */
const DAYS = '30';
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A private key and the certificate for it, as files in PEM. */
export interface TestCertificate {
  readonly certFile: string;
  /** PKCS #8, not encrypted. */
  readonly keyFile: string;
}

/** A certificate authority of one test, trusted by nobody else. */
export interface TestAuthority {
  /** The authority's certificate (PEM). */
  readonly ca: string;
  readonly caFile: string;
  /** A certificate for servers and clients on this machine: `localhost`, 127.0.0.1 and `name`. */
  issue(name: string): Promise<TestCertificate>;
}

/**
 * Makes an authority with its files in `folder`.
 *
 * @throws {@link StoreError} `command-failed` when openssl is missing or refuses
 */
export async function testAuthority(folder: string): Promise<TestAuthority> {
  mkdirSync(folder, { recursive: true });
  const file = (name: string): string => join(folder, name);
  const caFile = file('ca.pem');
  const caKeyFile = file('ca-key.pem');
  await certify(file('ca.cnf'), 'basicConstraints=critical,CA:TRUE', [
    ...['-subj', '/CN=test authority', '-keyout', caKeyFile, '-out', caFile],
  ]);
  return {
    ca: await readFile(caFile, 'utf8'),
    caFile,
    issue: async (name) => {
      const certFile = file(`${name}.pem`);
      const keyFile = file(`${name}-key.pem`);
      const names = `subjectAltName=DNS:localhost,DNS:${name},IP:127.0.0.1`;
      await certify(file(`${name}.cnf`), `basicConstraints=critical,CA:FALSE\n${names}`, [
        ...['-CA', caFile, '-CAkey', caKeyFile],
        ...['-subj', `/CN=${name}`, '-keyout', keyFile, '-out', certFile],
      ]);
      return { certFile, keyFile };
    },
  };
}

/** The machine's own openssl settings add extensions that contradict ours, so it is given a file of its own. */
async function certify(settingsFile: string, extensions: string, args: readonly string[]): Promise<void> {
  await writeFile(settingsFile, `[req]\ndistinguished_name=name\n[name]\n[extensions]\n${extensions}\n`);
  const settings = ['-config', settingsFile, '-extensions', 'extensions'];
  try {
    await run('openssl', ['req', '-x509', '-days', DAYS, ...NEW_KEY, ...settings, ...args]);
  } catch (cause) {
    throw new StoreError(
      'command-failed',
      `openssl could not make a certificate: ${String(cause)}; install openssl 3 (Debian: apt install openssl)`,
      { cause },
    );
  }
}

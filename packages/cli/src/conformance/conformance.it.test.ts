import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { jest } from '@jest/globals';

// Two real gateways and two workers over real Kafka and Redis, as `chatctl up` runs them.

jest.setTimeout(8 * 60_000);

const root = resolve(import.meta.dirname, '../../../..');
const instance = `conformance-${process.pid}`;
const spec = 'packages/cli/src/conformance/platform.yaml';

interface Ended {
  code: number;
  out: string;
}

function chatctl(...args: string[]): Promise<Ended> {
  return new Promise((settle) => {
    execFile(
      join(root, 'tools/chatctl'),
      [...args, '--instance', instance],
      { cwd: root },
      (error, out, err) => {
        settle({ code: error === null ? 0 : Number(error.code), out: `${out}${error === null ? '' : err}` });
      },
    );
  });
}

/** What failed or was not run, and why. */
function faultsOf(out: string): string[] {
  return out.split('\n').filter((line) => /^(FAILED|not run| {2}\S)/.test(line));
}

beforeAll(async () => {
  const up = await chatctl('up', '--detach', '--port', '0', '--file', spec);
  expect(up).toMatchObject({ code: 0 });
});

afterAll(() => chatctl('down', '--purge'));

test('a gateway does what every row of the protocol page says', async () => {
  const { code, out } = await chatctl('conformance', '--latest', 'live', '--quiet', 'plain');
  process.stdout.write(`${out.trimEnd().split('\n').at(-1)}\n`);
  expect(faultsOf(out)).toEqual([]);
  expect(code).toBe(0);
});

test('what is not as the page says is found', async () => {
  // Rooms of this namespace keep messages, so the page's sentences on latest values are wrong for them.
  const { code, out } = await chatctl('conformance', '--only', 'latest-values', '--latest', 'conformance');
  expect(code).toBe(1);
  expect(out).toContain('FAILED     push:v');
  expect(out).toContain('FAILED latest-values');
});

test('with one token what needs other users is named, and the rest holds', async () => {
  const { out: token } = await chatctl('token', '--user', 'ann');
  const { url } = JSON.parse((await chatctl('status', '--json')).out).endpoint as { url: string };
  const { code, out } = await chatctl('conformance', url, '--token', token.trim());
  expect(faultsOf(out).filter((line) => !line.startsWith('not run'))).toEqual([]);
  expect(out).toMatch(/not run {4}push:pr .*needs a key to mint tokens with/);
  expect(code).toBe(0);
});

import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { cacheFolder, chatctl } from './chatctl.ts';

/** The program `chatctl`: runs one command and leaves its exit code to the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort(signal));
  process.exitCode = await chatctl(argv, {
    env: process.env,
    root: resolve(import.meta.dirname, '../../..'),
    cache: cacheFolder(process.env),
    out: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    ...(process.stdin.isTTY && { confirm: (question) => confirm(question, interrupt.signal) }),
    signal: interrupt.signal,
  });
}

async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(await terminal.question(`${question} [y/N] `, { signal }));
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}

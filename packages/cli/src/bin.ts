// The program `chatctl`.
import { resolve } from 'node:path';
import { cacheFolder, chatctl } from './chatctl.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort(signal));

process.exitCode = await chatctl(process.argv.slice(2), {
  env: process.env,
  root: resolve(import.meta.dirname, '../../..'),
  cache: cacheFolder(process.env),
  out: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
  signal: interrupt.signal,
});

import { join } from 'node:path';
import { StoreProcess } from '@chatplatform/testkit';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../../..');

/** A program of this checkout in a process of its own; ends with the one that started it. */
export async function startProgram(options: {
  readonly name: string;
  readonly entry: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly readyText: string;
}): Promise<StoreProcess> {
  const { name, entry, args, folder, readyText } = options;
  const program = new StoreProcess({
    name,
    command: process.execPath,
    args: [
      '--conditions=@chatplatform/source',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, entry),
      ...args,
    ],
    logFile: join(folder, `${name}.log`),
    readyText,
  });
  await program.start();
  return program;
}

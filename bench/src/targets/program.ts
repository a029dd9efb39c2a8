import { join } from 'node:path';
import { StoreProcess } from '@chatplatform/testkit';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../../..');

interface Start {
  readonly name: string;
  readonly args: readonly string[];
  /** Its log goes here. */
  readonly folder: string;
  readonly readyText: string;
}

/** A program of this checkout in a process of its own; ends with the one that started it. */
export function startProgram({ entry, args, ...start }: Start & { entry: string }): Promise<StoreProcess> {
  const node = ['--conditions=@chatplatform/source', '--disable-warning=ExperimentalWarning'];
  return startCommand({ ...start, command: process.execPath, args: [...node, join(ROOT, entry), ...args] });
}

/** Any program, likewise. */
export async function startCommand(start: Start & { command: string }): Promise<StoreProcess> {
  const { name, command, args, folder, readyText } = start;
  const program = new StoreProcess({ name, command, args, logFile: join(folder, `${name}.log`), readyText });
  await program.start();
  return program;
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { MemberLine, MemberOrder } from './member-process.ts';

const PROGRAM = join(import.meta.dirname, 'member-process.ts');

/** A value that a member was given. */
export interface Seen {
  readonly partition: number;
  readonly value: string;
  /** Ms since 1970. */
  readonly at: number;
}

/** A member of a group in a process of its own. */
export class Member {
  assigned: readonly number[] = [];
  /** When its program ran, ms since 1970. */
  upAt = Infinity;
  readonly seen: Seen[] = [];
  readonly #process: ChildProcess;

  constructor(order: MemberOrder) {
    const args = ['--conditions=@chatplatform/source', '--no-warnings', PROGRAM, JSON.stringify(order)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#note(JSON.parse(line) as MemberLine));
  }

  /** Ends it without a word, as a crash or the loss of its machine would. */
  async kill(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }

  #note(line: MemberLine): void {
    if ('up' in line) {
      this.upAt = line.up;
      return;
    }
    if ('assigned' in line) {
      this.assigned = line.assigned;
      return;
    }
    const { partition, values, at } = line;
    this.seen.push(...values.map((value) => ({ partition, value, at })));
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Arrival, CrowdPlan, LoadReport, PublishPlan } from './crowd.ts';
import type { MoveReport } from './moves.ts';
import type { Order } from './main.ts';

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** A load process and its crowd, as the benchmark speaks to it. One order at a time. */
export class LoadProcess {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'main.ts'), {
      execArgv: ['--conditions=@chatplatform/source', '--disable-warning=ExperimentalWarning'],
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Connects a crowd; rejects when not all of it got in: a benchmark of fewer would be another benchmark. */
  async assemble(plan: CrowdPlan): Promise<Arrival> {
    const arrival = await this.#ask<Arrival>({ order: 'assemble', plan });
    if (arrival.failed > 0)
      throw new Error(
        `${arrival.failed} of ${plan.count} clients did not get in: ${arrival.refusals.join('; ')}`,
      );
    return arrival;
  }

  publishers(rooms: readonly string[]): Promise<void> {
    return this.#ask({ order: 'publishers', rooms });
  }

  publish(plan: PublishPlan): Promise<void> {
    return this.#ask({ order: 'publish', plan });
  }

  /** Somebody else will have published `each` messages into these rooms. */
  owe(rooms: readonly string[], each: number): Promise<void> {
    return this.#ask({ order: 'owe', rooms, each });
  }

  /** Moves of clients count from here. */
  expectMoves(): Promise<void> {
    return this.#ask({ order: 'expect-moves' });
  }

  /** Resolves when so many clients have moved, or after a minute. */
  moved(clients: number): Promise<MoveReport> {
    return this.#ask({ order: 'moved', clients });
  }

  report(): Promise<LoadReport> {
    return this.#ask({ order: 'report' });
  }

  received(): Promise<number> {
    return this.#ask({ order: 'received' });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    await this.#ask({ order: 'close' }).catch(() => undefined);
    this.#child.disconnect();
    await gone;
  }

  async #ask<T = void>(order: Order): Promise<T> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const died = (): void => reject(new Error(`the load process ended during "${order.order}"`));
      this.#child.once('exit', died);
      this.#child.once('message', (message: Answer) => {
        this.#child.off('exit', died);
        resolve(message);
      });
      this.#child.send(order);
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result as T;
  }
}

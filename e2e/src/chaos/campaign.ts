import { Arena, type ArenaOrder } from './arena.ts';
import type { Fault } from './fault.ts';
import { keepOutcome, whatIsWrong } from './results.ts';

/** Which seeds of one fault to run. */
export interface CampaignOrder extends ArenaOrder {
  readonly fault: Fault;
  readonly seeds: readonly number[];
  /** Says what came of a round. */
  readonly tell: (text: string) => void;
}

/**
 * The rounds of one fault. They share a platform as long as each is clean; after one that is not, the next round has
 * a new platform, so that it is judged by itself. Every finished round is kept.
 *
 * @returns the seeds that were not clean or could not be finished
 */
export async function runCampaign(order: CampaignOrder): Promise<number[]> {
  const bad: number[] = [];
  let arena: Arena | undefined;
  for (const seed of order.seeds) {
    if (order.signal.aborted) break;
    const began = performance.now();
    let words: string;
    try {
      arena ??= await Arena.open(order.fault, order);
      const outcome = await arena.round(seed);
      keepOutcome(outcome);
      words = outcome.clean ? 'clean' : `NOT CLEAN: ${whatIsWrong(outcome)}`;
    } catch (error) {
      // Not kept: the next campaign tries it again.
      words = `NOT FINISHED: ${error instanceof Error ? error.message : String(error)}`;
    }
    order.tell(
      `${order.fault.name}, seed ${seed}: ${words}, ${((performance.now() - began) / 1000).toFixed(0)} s`,
    );
    if (words === 'clean') continue;
    bad.push(seed);
    await arena?.close(!order.signal.aborted);
    arena = undefined;
  }
  await arena?.close(false);
  return bad;
}

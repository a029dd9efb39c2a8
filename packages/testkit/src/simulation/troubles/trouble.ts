import type { Dice } from '../dice.ts';
import type { Crowd } from '../crowd.ts';
import type { Journal } from '../journal.ts';
import type { Network } from '../network.ts';
import type { Platform } from '../platform.ts';
import type { SimKafka } from '../sim-kafka.ts';
import type { SimRedis } from '../sim-redis.ts';
import type { VirtualTime } from '../virtual-time.ts';

/** What trouble can be made with. */
export interface TroubleParts {
  readonly time: VirtualTime;
  /** Its own for each trouble, so that one can be left out without changing what the others do. */
  readonly dice: Dice;
  readonly journal: Journal;
  readonly platform: Platform;
  readonly network: Network;
  readonly kafka: SimKafka;
  readonly redis: SimRedis;
  readonly crowd: Crowd;
}

/** One thing that happens to the platform. */
export interface Trouble {
  readonly name: string;
  /** How often it is drawn, against the others. */
  readonly weight: number;
  /** True when Redis forgets something by it, so that the platform may honestly say that it cannot tell what was missed. */
  readonly forgets?: boolean;
  /** Makes it; returns what it did and after how many ms it is over. */
  make(parts: TroubleParts): { what: string; lastsMs: number } | undefined;
}

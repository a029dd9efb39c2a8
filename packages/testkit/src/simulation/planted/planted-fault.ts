import type { Transport } from '@chatplatform/client';
import type { LanePorts } from '@chatplatform/gateway';
import type { Kafka } from '@chatplatform/kafka';
import type { Redis } from '@chatplatform/redis';
import type { Dice } from '../dice.ts';
import type { SimProcess } from '../sim-process.ts';

/** What a program gets from outside. */
export interface Stores {
  readonly kafka: Kafka;
  readonly redis: Redis;
}

/** Whose stores they are. */
export interface Victim {
  readonly process: SimProcess;
  readonly dice: Dice;
  readonly program: 'gateway' | 'worker';
}

/**
 * A mistake a programmer could make, put between a program and its surroundings. Each exists to prove that the
 * simulation would find it; none is in the product.
 */
export interface PlantedFault {
  readonly name: string;
  /** What is wrong, in a sentence. */
  readonly mistake: string;
  /** Replaces stores of a program. */
  stores?(stores: Stores, victim: Victim): Partial<Stores>;
  /** Replaces what the lanes of gateways stand on. */
  lane?(ports: LanePorts): LanePorts;
  /** Replaces how a client reaches the platform. */
  transport?(transport: Transport, client: Omit<Victim, 'program'>): Transport;
}

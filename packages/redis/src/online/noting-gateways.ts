import type { GatewayInfo, Gateways, Swept } from '../gateways/gateways.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Online } from './online.ts';

/** Gateways that note whose state may have changed before the sessions of a dead one are swept. */
export class NotingGateways implements Gateways {
  readonly #gateways: Gateways;
  readonly #sessions: Pick<Sessions, 'heldBy'>;
  readonly #online: Online;

  constructor(gateways: Gateways, sessions: Pick<Sessions, 'heldBy'>, online: Online) {
    this.#gateways = gateways;
    this.#sessions = sessions;
    this.#online = online;
  }

  lease(incarnation: string, info: GatewayInfo): Promise<{ lost: boolean }> {
    return this.#gateways.lease(incarnation, info);
  }

  release(incarnation: string): Promise<void> {
    return this.#gateways.release(incarnation);
  }

  live(maxAgeMs?: number): Promise<ReadonlySet<string>> {
    return this.#gateways.live(maxAgeMs);
  }

  list(): Promise<Map<string, GatewayInfo>> {
    return this.#gateways.list();
  }

  ended(graceMs: number): Promise<string[]> {
    return this.#gateways.ended(graceMs);
  }

  async sweep(incarnation: string): Promise<Swept> {
    const held = await this.#sessions.heldBy(incarnation);
    await this.#online.note([...new Set(held.values())], 'went');
    return this.#gateways.sweep(incarnation);
  }
}

import type { MemoryServer } from '../memory/server.ts';
import { DELIVERY_KEEP_MS, type Deliveries } from './deliveries.ts';

/** {@link Deliveries} in memory. */
export class MemoryDeliveries implements Deliveries {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  isDone(receiver: string, id: string): Promise<boolean> {
    return this.#server.run((data, now) => (data.deliveries.get(`${receiver} ${id}`) ?? 0) > now);
  }

  done(receiver: string, id: string): Promise<void> {
    return this.#server.run((data, now) => {
      data.deliveries.set(`${receiver} ${id}`, now + DELIVERY_KEEP_MS);
    });
  }
}

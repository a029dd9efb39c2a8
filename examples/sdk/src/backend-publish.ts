// A backend tells customers about their orders: each order is a room, and each customer also gets a direct message.
// Reads one JSON object per line: {"order":"7","customer":"bob","status":"shipped"}
import { createInterface } from 'node:readline';
import { connect, ClientError, type ChatClient } from '@chatplatform/client';

/** What happened to an order. */
export interface OrderEvent {
  readonly order: string;
  readonly customer: string;
  readonly status: string;
}

/**
 * Tells everybody who watches the order, and the customer on all devices (by notification when offline). Resolves when
 * both messages are in the log; events of one order arrive in the order of the calls.
 */
export async function announce(client: ChatClient, event: OrderEvent): Promise<void> {
  const { order, customer, status } = event;
  await Promise.all([
    client.publish(`order:${order}`, { status }),
    client.publish(`@${customer}`, { order, status }, { notify: [customer] }),
  ]);
}

/** Announces all events of a stream as fast as the platform takes them. */
export async function announceAll(client: ChatClient, events: AsyncIterable<OrderEvent>): Promise<number> {
  const underWay = new Set<Promise<void>>();
  let count = 0;
  for await (const event of events) {
    const announcing = announce(client, event).finally(() => underWay.delete(announcing));
    underWay.add(announcing);
    count += 1;
    // Well below the 1 000 publishes that may wait for their acknowledgement.
    if (underWay.size >= 100) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return count;
}

async function* readEvents(): AsyncGenerator<OrderEvent> {
  for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line) as OrderEvent;
}

if (process.argv[1] === import.meta.filename) {
  const [url = '', token = ''] = process.argv.slice(2);
  const client = connect({ url, token, application: 'backend-publish' });
  try {
    console.log(`${await announceAll(client, readEvents())} events announced`);
  } catch (error) {
    console.error(error instanceof ClientError ? error.message : error);
    process.exitCode = 1;
  } finally {
    client.close();
  }
}

// A load process: does what its parent says, one order at a time. It has a process of its own so that its work is
// never counted as a server's, and its pauses never stop a server.
import { Crowd, type CrowdPlan, type PublishPlan } from './crowd.ts';

/** What a parent may ask for. */
export type Order =
  | { readonly order: 'assemble'; readonly plan: CrowdPlan }
  | { readonly order: 'publishers'; readonly rooms: readonly string[] }
  | { readonly order: 'publish'; readonly plan: PublishPlan }
  | { readonly order: 'owe'; readonly rooms: readonly string[]; readonly each: number }
  | { readonly order: 'expect-moves' }
  | { readonly order: 'moved'; readonly clients: number }
  | { readonly order: 'report' }
  | { readonly order: 'received' }
  | { readonly order: 'close' };

let crowd: Crowd | undefined;

async function obey(order: Order): Promise<unknown> {
  if (order.order === 'assemble') {
    crowd = new Crowd(order.plan);
    return crowd.assemble();
  }
  if (crowd === undefined) throw new Error(`"${order.order}" came before "assemble"`);
  switch (order.order) {
    case 'publishers':
      return crowd.addPublishers(order.rooms);
    case 'publish':
      return crowd.publish(order.plan);
    case 'owe':
      return crowd.owe(order.rooms, order.each);
    case 'expect-moves':
      return crowd.expectMoves();
    case 'moved':
      return crowd.moved(order.clients);
    case 'report':
      return crowd.report();
    case 'received':
      return crowd.received;
    default:
      return crowd.close();
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

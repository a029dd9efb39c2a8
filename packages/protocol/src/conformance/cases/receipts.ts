import { conformanceCase, needing } from '../case.ts';
import type { Client } from '../client.ts';
import { demand, demandEqual } from '../nonconformity.ts';

const FOREIGN = 'zzzzzz00000000000001';

async function published(client: Client, room: string, n: number): Promise<string> {
  const { id } = await client.good('pub', { room, cid: `${client.inst}.${n}`, data: n });
  demand(id !== undefined, 'the acknowledgement must name an id');
  return id;
}

/** What was delivered and read. */
export const receiptCases = [
  conformanceCase(
    'receipts',
    'watermarks of delivery and reading are told to the members, and to who joins later; lower ones change nothing',
    ['op:ack', 'op:read', 'push:rc', 'rule:receipts.marks', 'rule:receipts.tell'],
    async (scene) => {
      const room = scene.room();
      const hello = { rooms: { [room]: {} } };
      const ann = await scene.client('ann', { hello });
      const bob = await scene.client('bob', { hello });
      const user = bob.client.user;
      const [first, second] = [await published(ann.client, room, 1), await published(ann.client, room, 2)];
      bob.client.wire.send(JSON.stringify({ ack: { r: { [room]: second } } }));
      await ann.client.push('rc', ({ delivered }) => delivered?.[user] === second);
      demandEqual(await bob.client.good('read', { r: { [room]: second } }), {}, 'reply to read');
      await ann.client.push('rc', ({ read }) => read?.[user] === second);
      await bob.client.good('read', { r: { [room]: first } });
      const late = await scene.client('eve', { hello });
      const told = await late.client.push('rc', ({ read }) => read?.[user] !== undefined);
      demandEqual([told.r, told.read?.[user]], [room, second], 'what is told behind a join');
      const lower = ann.client.pushes('rc').filter(({ read }) => read?.[user] === first);
      demandEqual(lower, [], 'pushes of a lower watermark');
    },
  ),
  conformanceCase(
    'receipts-refused',
    'read needs a joined room and a position of its log that something is written at',
    ['op:read!102', 'op:read!112', 'error:102', 'error:112', 'rule:receipts.marks'],
    async (scene) => {
      const room = scene.room();
      const { client } = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const id = await published(client, room, 1);
      await client.bad('read', { r: { [scene.room('other')]: id } }, 102);
      await client.bad('read', { r: { [room]: FOREIGN } }, 112);
      const [log, offset] = [id.slice(0, -11), id.slice(-11)];
      await client.bad('read', { r: { [room]: `${log}${offset.slice(0, 1)}zzzzzzzzzz` } }, 112);
      demandEqual(
        await client.good('read', { r: { [room]: id } }),
        {},
        'reply to read of the newest message',
      );
    },
  ),
  needing(
    'quiet',
    conformanceCase(
      'receipts-off',
      'where receipts are off read gets 104',
      ['op:read!104', 'rule:receipts.off'],
      async (scene) => {
        const room = scene.quietRoom();
        const { client } = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
        await client.bad('read', { r: { [room]: await published(client, room, 1) } }, 104);
      },
    ),
  ),
];

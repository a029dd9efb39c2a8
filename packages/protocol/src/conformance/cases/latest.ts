import type { ValuePush } from '../../gateway-frames.ts';
import { conformanceCase, needing } from '../case.ts';
import { demand, demandEqual } from '../nonconformity.ts';

/** Rooms that keep the newest value of each key. */
export const latestCases = [
  needing(
    'latest',
    conformanceCase(
      'latest-values',
      'values are pushed by key, a join gets the newest of each, null deletes',
      ['push:v', 'rule:latest.key', 'rule:latest.push', 'rule:latest.state'],
      async (scene) => {
        const room = scene.latestRoom();
        const ann = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
        const { client } = await scene.client('bob');
        await client.bad('pub', { room, cid: `${client.inst}.1`, data: 1 }, 107, 'k');
        const steps = [
          { k: 'x', data: 1 },
          { k: 'y', data: 1 },
          { k: 'x', data: { v: 2 } },
          { k: 'y', data: null },
        ];
        for (const [at, { k, data }] of steps.entries()) {
          const ack = await client.good('pub', { room, cid: `${client.inst}.${at + 1}`, data, k });
          const pushed = await ann.client.push('v', ({ id }) => id === ack.id);
          demandEqual([pushed.r, pushed.k, pushed.d], [room, k, data], 'the push');
        }
        demandEqual(ann.client.messages(room), [], 'pushes m');
        const { msgs } = await client.good('join', { room });
        const values = (msgs as ValuePush[]).filter(({ d }) => d !== null).map(({ k, d }) => [k, d]);
        demandEqual(values, [['x', { v: 2 }]], 'what a join gets');
        demand(
          (msgs as ValuePush[]).every(({ k }) => k !== undefined),
          'objects of a latest-value room have k',
        );
      },
    ),
  ),
];

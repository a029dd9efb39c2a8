import { Limits } from '../../limits.ts';
import { personalRoomOf } from '../../room.ts';
import { conformanceCase } from '../case.ts';
import { demand, demandEqual } from '../nonconformity.ts';

/** What a token allows, and for how long. */
export const tokenCases = [
  conformanceCase(
    'token-expiry',
    'the connection ends with its token',
    ['rule:token.expiry', 'close:3005'],
    async (scene) => {
      const { client } = await scene.client('ann', { claims: { seconds: 3 } });
      await client.ends([3005]);
    },
  ),
  conformanceCase(
    'token-refresh',
    'refresh puts the end off; a bad token is refused and changes nothing',
    [
      'op:refresh',
      'op:refresh!101',
      'op:refresh!109',
      'rule:token.refresh',
      'error:101',
      'error:109',
      'limit:tokenBytes',
    ],
    async (scene) => {
      const { client, hello } = await scene.client('ann', { claims: { seconds: 4 } });
      const longer = await scene.token('ann', { seconds: 600 });
      await client.bad('refresh', { token: `${longer.slice(0, -6)}AAAAAA` }, 101);
      await client.bad('refresh', { token: await scene.token('ann', { seconds: -120 }) }, 109);
      await client.bad('refresh', { token: 'x'.repeat(Limits.tokenBytes + 1) }, 107, 'token');
      const { exp } = await client.good('refresh', { token: longer });
      demand(exp > hello.exp, 'exp must be that of the new token');
      await scene.stage.sleep(Math.max(0, 5500));
      demand(client.wire.closeCode === undefined, 'the connection must outlive its first token');
    },
  ),
  conformanceCase(
    'token-refresh-other-user',
    'a token of another user closes with 3500',
    ['rule:token.refresh', 'close:3500'],
    async (scene) => {
      const { client } = await scene.client('ann');
      client.ask('refresh', { token: await scene.token('eve') });
      await client.ends([3500]);
    },
  ),
  conformanceCase(
    'token-caps',
    'each right is needed for its operations, and patterns match as described',
    ['rule:token.caps', 'op:join!103', 'op:pub!103', 'op:hist!103', 'op:who!103', 'error:103'],
    async (scene) => {
      const room = scene.room('team:42');
      const [namespace = ''] = room.split(':');
      const before = '000000000000000000ab';
      const { client } = await scene.client('ann', { claims: { caps: { [`${namespace}:*`]: ['join'] } } });
      await client.bad('join', { room }, 103);
      const rest = await scene.client('bob', { claims: { caps: { [`${namespace}:**`]: ['join'] } } });
      await rest.client.good('join', { room });
      await rest.client.bad('pub', { room, cid: `${rest.client.inst}.1`, data: 1 }, 103);
      await rest.client.bad('hist', { room, before }, 103);
      await rest.client.bad('who', { room }, 103);
      const admin = await scene.client('eve', { claims: { caps: { [`${namespace}:team*:**`]: ['admin'] } } });
      await admin.client.good('join', { room });
      await admin.client.good('who', { room });
      demand(
        (await admin.client.answer(admin.client.publish(room, 1, 1)))['pub'] !== undefined,
        'admin includes pub',
      );
    },
  ),
  conformanceCase(
    'token-personal-room',
    'the personal room is read by its user alone, and written by whoever may',
    ['rule:token.owner', 'rule:token.stranger', 'rule:token.direct'],
    async (scene) => {
      const room = personalRoomOf(scene.user('ann'));
      const nothing = await scene.client('ann', { claims: { caps: {} }, hello: { rooms: { [room]: {} } } });
      const own = nothing.hello.rooms?.[room];
      demand(own !== undefined && 'head' in own, 'the owner joins without a claim');
      await nothing.client.good('who', { room });
      const all = ['join', 'publish', 'history', 'presence'] as const;
      const bob = await scene.client('bob', { claims: { caps: { '**': [...all], '@**': [...all] } } });
      await bob.client.bad('join', { room }, 103);
      await bob.client.bad('who', { room }, 103);
      await bob.client.bad('hist', { room, before: '000000000000000000ab' }, 103);
      const eve = await scene.client('eve', { claims: { caps: { '**': [...all, 'admin'] } } });
      await eve.client.bad('pub', { room, cid: `${eve.client.inst}.1`, data: 1 }, 103);
      const root = await scene.client('root', { claims: { caps: { '@**': ['admin'] } } });
      demandEqual((await root.client.good('join', { room })).msgs, [], 'messages');
    },
  ),
];

import { Limits } from '../../limits.ts';
import { conformanceCase, needing } from '../case.ts';
import { demand, demandEqual } from '../nonconformity.ts';

// Differences are gathered over a second and may take one more to cross gateways on a busy machine.
const TOLD_MS = 5000;
const GRACE_MS = 10_000;

/** Who is here, what they say of themselves, who types. */
export const presenceCases = [
  conformanceCase(
    'presence-come-and-go',
    'who comes and who says goodbye is told; a leave counts at once',
    ['push:pr', 'rule:presence.join'],
    async (scene) => {
      const room = scene.room();
      const ann = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const bob = await scene.client('bob', { hello: { rooms: { [room]: {} } } });
      const eve = await scene.client('eve', { hello: { rooms: { [room]: {} } } });
      for (const user of [bob.client.user, eve.client.user]) {
        await ann.client.push('pr', ({ join }) => join?.includes(user) === true, TOLD_MS);
      }
      bob.client.wire.close(1000);
      await eve.client.good('leave', { room });
      for (const user of [bob.client.user, eve.client.user]) {
        await ann.client.push('pr', ({ leave }) => leave?.includes(user) === true, TOLD_MS);
      }
      demandEqual(ann.client.pushes('pr').at(-1)?.occ, 1, 'occ at the end');
      demandEqual((await ann.client.good('who', { room })).occ, 1, 'occ of who');
    },
  ),
  conformanceCase(
    'presence-grace',
    'a lost connection is no leave for 10 s, and one after that',
    ['rule:presence.grace'],
    async (scene) => {
      const room = scene.room();
      const ann = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const bob = await scene.client('bob', { hello: { rooms: { [room]: {} } } });
      await ann.client.push('pr', ({ join }) => join?.includes(bob.client.user) === true, TOLD_MS);
      const begun = scene.stage.now();
      bob.client.wire.cut();
      await ann.client.push(
        'pr',
        ({ leave }) => leave?.includes(bob.client.user) === true,
        GRACE_MS + TOLD_MS,
      );
      const after = scene.stage.now() - begun;
      demand(after > GRACE_MS - 1000, `the leave was told ${Math.round(after)} ms after the loss`);
    },
  ),
  conformanceCase(
    'who-devices',
    'who counts users once, with their connections and what they set; pages have an end',
    [
      'op:who',
      'op:set',
      'rule:presence.devices',
      'rule:presence.paging',
      'rule:presence.info',
      'limit:whoUsers',
      'limit:infoBytes',
    ],
    async (scene) => {
      const room = scene.room();
      const hello = { rooms: { [room]: {} } };
      const ann = await scene.client('ann', { hello });
      await scene.client('ann', { hello });
      await scene.client('bob', { hello });
      await scene.client('eve', { hello });
      await ann.client.good('set', { info: { status: 'busy' } });
      const all = await ann.client.good('who', { room });
      demandEqual(
        all.users.map(({ u, dev, info }) => [u, dev, info ?? null]),
        [
          [scene.user('ann'), 2, { status: 'busy' }],
          [scene.user('bob'), 1, null],
          [scene.user('eve'), 1, null],
        ],
        'users, devices, status',
      );
      demandEqual([all.occ, all.next ?? null], [3, null], 'occ and next');
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await ann.client.good('who', { room, max: 2, ...(after !== undefined && { after }) });
        demand(page.users.length <= 2, 'a page must not be longer than max');
        seen.push(...page.users.map(({ u }) => u));
        after = page.next;
      } while (after !== undefined && seen.length < 10);
      demandEqual(seen.sort(), all.users.map(({ u }) => u).sort(), 'users of all pages');
      await ann.client.bad('who', { room, max: Limits.whoUsers + 1 }, 107, 'max');
      await ann.client.bad('set', { info: 'x'.repeat(Limits.infoBytes) }, 107, 'info');
      await ann.client.good('set', { info: null });
      const cleared = (await ann.client.good('who', { room })).users.find(({ u }) => u === ann.client.user);
      demandEqual(cleared?.info ?? null, null, 'status after it was taken back');
    },
  ),
  needing(
    'quiet',
    conformanceCase(
      'presence-off',
      'where presence is off who gets 104 and nobody is counted or told',
      ['rule:presence.off', 'op:who!104', 'error:104'],
      async (scene) => {
        const room = scene.quietRoom();
        const ann = await scene.client('ann');
        const { occ } = await ann.client.good('join', { room });
        demandEqual(occ, 0, 'occ');
        await scene.client('bob', { hello: { rooms: { [room]: {} } } });
        await ann.client.bad('who', { room }, 104);
        await scene.stage.sleep(1500);
        demandEqual(ann.client.pushes('pr'), [], 'pushes pr');
      },
    ),
  ),
  conformanceCase(
    'typing',
    'typing reaches the others, is not repeated within 3 s, and its end passes at once',
    ['op:typing', 'push:ty', 'rule:presence.typing', 'limit:typingIntervalMs'],
    async (scene) => {
      const room = scene.room();
      const ann = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const bob = await scene.client('bob', { hello: { rooms: { [room]: {} } } });
      for (let n = 0; n < 3; n += 1) ann.client.wire.send(JSON.stringify({ typing: { room, on: true } }));
      ann.client.wire.send(JSON.stringify({ typing: { room, on: false } }));
      await bob.client.push('ty', ({ on }) => !on);
      demandEqual(
        bob.client.pushes('ty').map(({ r, u, on }) => [r, u, on]),
        [
          [room, ann.client.user, true],
          [room, ann.client.user, false],
        ],
        'what the others see',
      );
    },
  ),
];

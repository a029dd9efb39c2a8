import { Limits } from '../../limits.ts';
import { personalRoomOf } from '../../room.ts';
import { conformanceCase } from '../case.ts';
import { demand, demandEqual } from '../nonconformity.ts';

/** The hello and the session it begins. */
export const helloCases = [
  conformanceCase(
    'hello',
    'a hello with a good token is answered with user, session, limits and the end of the token',
    ['op:hello', 'rule:frame.reply'],
    async (scene) => {
      const { hello } = await scene.client('ann', { claims: { seconds: 600 } });
      demand(!hello.resumed && hello.rooms === undefined, 'a new session has no rooms');
      const published = ['frameBytes', 'rooms', 'requestsPerSecond', 'publishesPerSecond'] as const;
      for (const name of published) demand(hello.limits[name] > 0, `limits.${name} must be published`);
      demand(hello.exp > 1_600_000_000_000, 'exp must be milliseconds since 1970');
    },
  ),
  conformanceCase(
    'hello-token-places',
    'a token in the header or in the subprotocol list does as well as one in the frame',
    ['rule:hello.token-place'],
    async (scene) => {
      const token = await scene.token('ann');
      const ways = [
        { headers: { authorization: `Bearer ${token}` } },
        { protocols: ['cp1.json', `token.${token}`] },
      ];
      for (const dial of ways) {
        const client = await scene.guest('ann', dial);
        const hello = await client.good('hello', { inst: client.inst });
        demandEqual(hello.user, scene.user('ann'), 'user');
      }
    },
  ),
  conformanceCase(
    'hello-bad-token',
    'a forged token gets 101, bye and 3500',
    ['op:hello!101', 'close:3500', 'push:bye', 'rule:hello.refused', 'rule:frame.bye'],
    async (scene) => {
      const token = await scene.token('ann');
      const client = await scene.guest('ann');
      await client.bad('hello', { token: `${token.slice(0, -6)}AAAAAA`, inst: client.inst }, 101);
      const bye = await client.push('bye');
      demandEqual([bye.code, bye.reconnect], [3500, false], 'bye');
      await client.ends([3500]);
    },
  ),
  conformanceCase(
    'hello-ended-token',
    'a token that has ended gets 109 and 3005',
    ['op:hello!109', 'close:3005', 'rule:hello.refused'],
    async (scene) => {
      const client = await scene.guest('ann');
      await client.bad(
        'hello',
        { token: await scene.token('ann', { seconds: -120 }), inst: client.inst },
        109,
      );
      await client.ends([3005]);
    },
  ),
  conformanceCase(
    'hello-token-first',
    'with a bad token nothing else of the hello is looked at',
    ['rule:hello.token-first', 'limit:tokenBytes'],
    async (scene) => {
      const wrongs = [{ token: 'none', inst: 1 }, { token: 'x'.repeat(Limits.tokenBytes + 1) }];
      for (const wrong of wrongs) {
        const client = await scene.guest('ann');
        client.wire.send(JSON.stringify({ i: 1, hello: wrong }));
        await client.ends([3500]);
      }
    },
  ),
  conformanceCase(
    'hello-late',
    'nothing for 5 s: 3014',
    ['rule:hello.first', 'close:3014', 'limit:helloTimeoutMs'],
    async (scene) => {
      const client = await scene.guest('ann');
      const begun = scene.stage.now();
      await client.ends([3014]);
      const waited = scene.stage.now() - begun;
      demand(
        waited > Limits.helloTimeoutMs - 1500 && waited < Limits.helloTimeoutMs + 5000,
        `closed after ${Math.round(waited)} ms`,
      );
    },
  ),
  conformanceCase(
    'hello-version',
    'a client that offers only other versions is closed with 3506',
    ['rule:hello.version', 'close:3506'],
    async (scene) => {
      const dial = { protocols: [], headers: { 'Sec-WebSocket-Protocol': 'cp9.cbor' } };
      const client = await scene.guest('ann', dial);
      await client.ends([3506]);
    },
  ),
  conformanceCase(
    'hello-rooms',
    'each room of the hello is answered; one that is refused does not touch the others',
    ['rule:hello.rooms', 'op:join!103', 'error:103'],
    async (scene) => {
      const [open, closed] = [scene.room('open'), scene.room('closed')];
      const { hello } = await scene.client('ann', {
        claims: { caps: { [open]: ['join', 'history'] } },
        hello: { rooms: { [open]: {}, [closed]: {} } },
      });
      const replies = hello.rooms ?? {};
      demandEqual(Object.keys(replies).sort(), [open, closed].sort(), 'rooms of the reply');
      const [good, bad] = [replies[open], replies[closed]];
      demand(good !== undefined && 'head' in good, 'the granted room must be joined');
      demand(bad !== undefined && 'err' in bad && bad.err.code === 103, 'the other must be refused with 103');
    },
  ),
  conformanceCase(
    'hello-personal-room',
    'every connection is in the personal room of its user',
    ['rule:hello.personal', 'rule:token.direct', 'push:m'],
    async (scene) => {
      const [one, two] = [await scene.client('ann'), await scene.client('ann')];
      const bob = await scene.client('bob', { claims: { caps: { '@**': ['publish'] } } });
      const room = personalRoomOf(scene.user('ann'));
      const ack = await bob.client.answer(bob.client.publish(room, 1, 'psst'));
      demand(ack['pub'] !== undefined, 'a pattern with @ grants publishing to a person');
      for (const { client } of [one, two])
        demandEqual((await client.received(room, 1))[0]?.d, 'psst', 'data');
      demandEqual(bob.client.messages(room), [], 'what the sender sees of it');
    },
  ),
  conformanceCase(
    'hello-behind',
    'lines behind the hello in its frame, and frames before its reply, are handled after it in order',
    ['rule:hello.behind'],
    async (scene) => {
      const client = await scene.guest('ann');
      const room = scene.room();
      const hello = { i: 1000, hello: { token: await scene.token('ann'), inst: client.inst } };
      client.wire.send(`${JSON.stringify(hello)}\n${JSON.stringify({ i: 1001, join: { room } })}`);
      client.wire.send(JSON.stringify({ i: 1002, sync: { room, from: '' } }));
      await client.answer(1002);
      const order = client.wire.lines.filter((line) => line['i'] !== undefined).map((line) => line['i']);
      demandEqual(order, [1000, 1001, 1002], 'order of the replies');
    },
  ),
  conformanceCase(
    'hello-twice',
    'a second hello gets 104 and changes nothing',
    ['rule:hello.again', 'error:104'],
    async (scene) => {
      const { client } = await scene.client('ann');
      await client.bad('hello', { token: await scene.token('ann'), inst: client.inst }, 104);
      await client.good('join', { room: scene.room() });
    },
  ),
  conformanceCase(
    'session-resume',
    'resume keeps the session after a lost connection, and nobody sees a leave',
    ['rule:hello.resume', 'rule:presence.grace', 'rule:room.resume'],
    async (scene) => {
      const room = scene.room();
      const bob = await scene.client('bob', { hello: { rooms: { [room]: {} } } });
      const old = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      await bob.client.push('pr', (pr) => pr.join?.includes(scene.user('ann')) === true);
      old.client.wire.cut();
      const sent = bob.client.publish(room, 1, 'meanwhile');
      await bob.client.answer(sent);
      await bob.client.received(room, 1);
      const { hello } = await scene.client('ann', {
        hello: { inst: old.client.inst, resume: old.hello.resume, rooms: { [room]: { pos: '' } } },
      });
      demandEqual([hello.resumed, hello.sid], [true, old.hello.sid], 'resumed and sid');
      const reply = hello.rooms?.[room];
      demand(reply !== undefined && 'msgs' in reply, 'the room must be joined');
      demandEqual([reply.msgs.map(({ d }) => d), reply.recovered], [['meanwhile'], true], 'what was missed');
      await scene.stage.sleep(1500);
      const left = bob.client.pushes('pr').filter(({ leave }) => leave !== undefined);
      demandEqual(left, [], 'leaves that others saw');
    },
  ),
  conformanceCase(
    'session-foreign-resume',
    'a resume token is worth nothing in other hands, and never replaces a token',
    ['rule:hello.resume'],
    async (scene) => {
      const ann = await scene.client('ann');
      const eve = await scene.client('eve', { hello: { resume: ann.hello.resume } });
      demand(!eve.hello.resumed && eve.hello.sid !== ann.hello.sid, 'eve must get a session of her own');
      const forged = await scene.client('ann', { hello: { resume: `${ann.hello.resume}x` } });
      demand(!forged.hello.resumed, 'a token that was changed keeps nothing');
      const bare = await scene.guest('ann');
      bare.wire.send(JSON.stringify({ i: 1, hello: { inst: bare.inst, resume: ann.hello.resume } }));
      await bare.ends([3500]);
      demand(ann.client.wire.closeCode === undefined, 'the owner must not notice');
    },
  ),
  conformanceCase(
    'session-takeover',
    'a newer socket of a session ends the older one with 3514',
    ['rule:hello.takeover', 'close:3514'],
    async (scene) => {
      const room = scene.room();
      const old = await scene.client('ann', { hello: { rooms: { [room]: {} }, caps: ['mbb'] } });
      const fresh = await scene.client('ann', {
        hello: { inst: old.client.inst, resume: old.hello.resume, rooms: { [room]: {} }, caps: ['mbb'] },
      });
      demandEqual([fresh.hello.resumed, fresh.hello.sid], [true, old.hello.sid], 'resumed and sid');
      await old.client.ends([3514]);
      demand((await fresh.client.answer(fresh.client.publish(room, 1, 1)))['pub'] !== undefined, 'pub');
    },
  ),
];

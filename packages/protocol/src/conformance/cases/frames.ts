import { Limits } from '../../limits.ts';
import { conformanceCase } from '../case.ts';
import { demand, demandEqual } from '../nonconformity.ts';

/** Frames, lines, numbers, pings. */
export const frameCases = [
  conformanceCase(
    'frame-lines',
    'several lines in one frame are several requests, each with one reply under its number',
    ['rule:frame.text', 'rule:frame.lines', 'rule:frame.reply', 'op:who', 'op:leave'],
    async (scene) => {
      const room = scene.room();
      const { client } = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const lines = [
        { i: 4_294_967_295, who: { room } },
        { i: 900, leave: { room } },
      ].map((line) => JSON.stringify(line));
      client.wire.send(`${lines.join('\n\n')}\n`);
      const first = await client.answer(4_294_967_295);
      const second = await client.answer(900);
      demand(first['who'] !== undefined && second['leave'] !== undefined, 'both lines must be answered');
      await client.good('who', { room });
      for (const i of [4_294_967_295, 900]) {
        const replies = client.wire.lines.filter((line) => line['i'] === i);
        demandEqual(replies.length, 1, `replies to request ${i}`);
      }
    },
  ),
  conformanceCase(
    'frame-order',
    'join, leave, sync and hist are answered in the order they were sent',
    ['rule:frame.order', 'op:join', 'op:leave', 'op:sync', 'op:hist'],
    async (scene) => {
      const room = scene.room();
      const author = await scene.seed(room, 3);
      const last = author.client.messages(room).at(-1)?.id ?? '';
      const { client } = await scene.client('ann');
      const asked = [
        client.ask('join', { room }),
        client.ask('sync', { room, from: '' }),
        client.ask('hist', { room, before: last }),
        client.ask('leave', { room }),
        client.ask('join', { room, pos: last }),
        client.ask('sync', { room, from: last }),
      ];
      await client.answer(asked.at(-1) ?? 0);
      const order = client.wire.lines.map((line) => Number(line['i'])).filter((i) => asked.includes(i));
      demandEqual(order, asked, 'order of the replies');
      const refused = client.wire.lines.filter((line) => line['err'] !== undefined);
      demandEqual(refused, [], 'refusals');
    },
  ),
  conformanceCase(
    'frame-unknown-fields',
    'fields nobody knows are ignored',
    ['rule:frame.unknown-field'],
    async (scene) => {
      const { client } = await scene.client('ann');
      const room = scene.room();
      client.wire.send(JSON.stringify({ i: 7000, colour: 'red', join: { room, colour: ['blue'] } }));
      const line = await client.answer(7000);
      demand(line['join'] !== undefined, 'the join must be answered as if the fields were not there');
    },
  ),
  conformanceCase(
    'frame-too-large',
    'a frame over the limit ends the connection, one below it does not',
    ['limit:frameBytes'],
    async (scene) => {
      const { client, hello } = await scene.client('ann');
      const room = scene.room();
      const room0 = hello.limits.frameBytes - 200;
      const ack = await client.answer(client.publish(room, 1, 'x'.repeat(room0 - room.length)));
      demand(ack['pub'] !== undefined, `a frame of nearly ${hello.limits.frameBytes} bytes must be taken`);
      client.publish(room, 2, 'x'.repeat(hello.limits.frameBytes));
      await client.ends([1006, 1009, 3501]);
    },
  ),
  conformanceCase(
    'ping-pong',
    'pings come in time; who answers stays, who is silent is closed with 3012',
    ['rule:frame.ping', 'close:3012', 'limit:pingMs', 'limit:pongWaitMs'],
    async (scene) => {
      const lively = await scene.client('ann');
      const silent = await scene.client('bob', { dial: { pongs: false } });
      const { ping, pongWait } = silent.hello;
      demandEqual([ping, pongWait], [Limits.pingMs, Limits.pongWaitMs], 'ping and pongWait');
      const slack = 3000;
      const pinged = await silent.client.wire.when(() => silent.client.wire.pings > 0, ping + slack);
      demand(pinged, `a ping must come within ${ping} ms`);
      const begun = scene.stage.now();
      await silent.client.ends([3012], pongWait + slack);
      const waited = scene.stage.now() - begun;
      demand(
        waited > pongWait - 1500,
        `closed ${Math.round(waited)} ms after the ping; ${pongWait} ms are promised`,
      );
      const both = await lively.client.wire.when(() => lively.client.wire.pings > 0, ping + slack);
      demand(both && lively.client.wire.closeCode === undefined, 'who answers pings must not be closed');
    },
  ),
];

import type { MessagePush } from '../../gateway-frames.ts';
import type { ProtocolError } from '../../errors.ts';
import { Limits } from '../../limits.ts';
import type { Client } from '../client.ts';
import { conformanceCase } from '../case.ts';
import { demand, demandEqual } from '../nonconformity.ts';
import type { Line } from '../stage.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const HOUR_MS = 3_600_000;

interface Answered {
  readonly n: number;
  readonly line: Line;
}

/** Publishes numbers `from`..`to` at once and waits for every answer. */
async function burst(
  client: Client,
  room: string,
  { from, to, re }: { from: number; to: number; re?: number },
): Promise<Answered[]> {
  const asked = Array.from({ length: to - from + 1 }, (_, at) => {
    const n = from + at;
    return { n, i: client.publish(room, n, n, re === undefined ? {} : { re }) };
  });
  return Promise.all(asked.map(async ({ n, i }) => ({ n, line: await client.answer(i, 60_000) })));
}

function codeOf({ line }: Answered): number | undefined {
  return (line['err'] as ProtocolError | undefined)?.code;
}

/** Publishing, order, duplicates. */
export const publishCases = [
  conformanceCase(
    'pub',
    'a publish is acknowledged with the id under which every member gets it, the sender too',
    ['op:pub', 'push:m', 'rule:publish.ack', 'rule:publish.everybody', 'rule:publish.outside'],
    async (scene) => {
      const room = scene.room();
      const ann = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const bob = await scene.client('bob', { hello: { rooms: { [room]: {} } } });
      const ack = await ann.client.good('pub', {
        room,
        cid: `${ann.client.inst}.1`,
        data: { text: 'hi' },
        tp: TRACE,
      });
      demand(ack.id !== undefined && !ack.dup, 'the acknowledgement must name an id');
      for (const { client } of [ann, bob]) {
        const [message] = await client.received(room, 1);
        const { r, id, p, u, cid, t, d, tp } = message as MessagePush;
        demandEqual(
          { r, id, p, u, cid, d, tp },
          {
            r: room,
            id: ack.id,
            p: '',
            u: ann.client.user,
            cid: `${ann.client.inst}.1`,
            d: { text: 'hi' },
            tp: TRACE,
          },
          'the message',
        );
        demandEqual(t, ack.ts, 'its time');
      }
      const outside = await scene.client('eve');
      const second = await outside.client.good('pub', { room, cid: `${outside.client.inst}.1`, data: 2 });
      demandEqual((await bob.client.received(room, 2))[1]?.id, second.id, 'id of a message from outside');
      demandEqual(outside.client.messages(room), [], 'what a sender who did not join is pushed');
    },
  ),
  conformanceCase(
    'pub-any-json',
    'any JSON value arrives as it was sent',
    ['rule:publish.any', 'limit:dataDepth', 'limit:keyLength', 'limit:notifyUsers'],
    async (scene) => {
      const room = scene.room();
      const { client } = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
      const values = [
        null,
        false,
        0,
        -1.5e-9,
        '',
        '\u2028 \u0000 "}\n😀',
        [],
        {},
        { '': [{}] },
        deep(Limits.dataDepth),
      ];
      values.forEach((value, at) => client.publish(room, at + 1, value));
      const seen = await client.received(room, values.length);
      demandEqual(
        seen.map(({ d }) => d),
        values,
        'data',
      );
      const next = { room, cid: `${client.inst}.${values.length + 1}` };
      await client.bad('pub', { ...next, data: deep(Limits.dataDepth + 1) }, 107, 'data');
      await client.bad('pub', { ...next, data: 1, k: 'x'.repeat(Limits.keyLength + 1) }, 107, 'k');
      const users = Array.from({ length: Limits.notifyUsers + 1 }, (_, n) => `u${n}`);
      await client.bad('pub', { ...next, data: 1, notify: users }, 107, 'notify');
      const ack = await client.good('pub', { ...next, data: 1, notify: users.slice(1) });
      demand(!ack.dup, 'what was refused has not used its number');
    },
  ),
  conformanceCase(
    'pub-order',
    'what one client sends to a room arrives in the order it was sent',
    ['rule:publish.order'],
    async (scene) => {
      const room = scene.room();
      const count = 25;
      const senders = await Promise.all(
        ['ann', 'bob', 'eve'].map((name) => scene.client(name, { hello: { rooms: { [room]: {} } } })),
      );
      await Promise.all(senders.map(({ client }) => burst(client, room, { from: 1, to: count })));
      const numbers = Array.from({ length: count }, (_, at) => at + 1);
      for (const { client } of senders) {
        const seen = await client.received(room, count * senders.length);
        const ids = seen.map(({ id }) => id);
        demandEqual(ids, [...new Set(ids)].sort(), 'ids of the room');
        for (const { client: sender } of senders) {
          demandEqual(
            seen.filter(({ u }) => u === sender.user).map(({ d }) => d),
            numbers,
            `order of ${sender.user}`,
          );
        }
      }
    },
  ),
  conformanceCase(
    'pub-duplicate',
    'a resend of what is in the log is acknowledged as duplicate and delivered once',
    ['rule:publish.duplicate', 'rule:publish.rising', 'rule:publish.instance'],
    async (scene) => {
      const room = scene.room();
      const { client, hello } = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const first = await client.good('pub', { room, cid: `${client.inst}.1`, data: 1 });
      await client.received(room, 1);
      const again = await client.good('pub', { room, cid: `${client.inst}.1`, data: 1, re: 5 });
      demand(again.dup, 'the resend must be known as duplicate');
      demand(again.id === undefined || again.id === first.id, `its id must be ${first.id} or missing`);
      await client.bad('pub', { room, cid: `${client.inst}.1`, data: 1 }, 107, 'cid');
      await client.bad('pub', { room, cid: `${scene.inst()}.2`, data: 1 }, 107, 'cid');
      client.wire.cut();
      const back = await scene.client('ann', {
        hello: { inst: client.inst, resume: hello.resume, rooms: { [room]: { pos: first.id ?? '' } } },
      });
      const third = await back.client.good('pub', { room, cid: `${client.inst}.1`, data: 1, re: 50 });
      demand(third.dup, 'a resend on the next connection must be known as duplicate');
      await back.client.good('pub', { room, cid: `${client.inst}.2`, data: 2 });
      const seen = await back.client.received(room, 1);
      demandEqual(
        seen.map(({ d }) => d),
        [2],
        'messages behind the first',
      );
    },
  ),
  conformanceCase(
    'pub-unsure',
    'what goes out twice because its answer was lost is delivered once',
    ['rule:publish.duplicate'],
    async (scene) => {
      const room = scene.room();
      const watcher = await scene.client('bob', { hello: { rooms: { [room]: {} } } });
      const { client, hello } = await scene.client('ann');
      for (let n = 1; n <= 5; n += 1) client.publish(room, n, n);
      // The socket goes before any answer was read: each may be in the log, or not.
      await scene.stage.sleep(1);
      client.wire.cut();
      const back = await scene.client('ann', { hello: { inst: client.inst, resume: hello.resume } });
      const answers = await burst(back.client, room, { from: 1, to: 6, re: 10 });
      demandEqual(
        answers.map(codeOf).filter((code) => code !== undefined),
        [],
        'refusals',
      );
      const seen = await watcher.client.received(room, 6);
      await watcher.client.good('sync', { room, from: seen.at(-1)?.id ?? '' });
      demandEqual(
        watcher.client.messages(room).map(({ d }) => d),
        [1, 2, 3, 4, 5, 6],
        'what was delivered',
      );
    },
  ),
  conformanceCase(
    'pub-over-the-rate',
    'over the rate publishes wait; one too many gets 111, later ones 114, and resent in order all arrive once',
    [
      'rule:publish.delayed',
      'rule:publish.behind',
      'op:pub!114',
      'error:111',
      'error:114',
      'limit:publishBurst',
      'limit:publishesPerSecond',
      'limit:delayedPublishes',
    ],
    async (scene) => {
      const room = scene.room();
      const { client, hello } = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const { publishBurst, publishesPerSecond } = hello.limits;
      demand(publishBurst <= 200, `a publishBurst of ${publishBurst} is too large to be tested; lower it`);
      const taken = publishBurst + Limits.delayedPublishes;
      const begun = scene.stage.now();
      const answers = await burst(client, room, { from: 1, to: taken + 5 });
      const codes = answers.map(codeOf);
      const refusedAt = codes.findIndex((code) => code !== undefined);
      demand(refusedAt >= taken, `${taken} must be taken, number ${refusedAt + 1} was refused`);
      demandEqual(codes[refusedAt], 111, 'the first refusal');
      demand(
        codes.slice(refusedAt + 1).every((code) => code === 114),
        `the later ones: ${codes.slice(refusedAt).join(' ')}`,
      );
      const least = ((Limits.delayedPublishes - 2) / publishesPerSecond) * 1000;
      const took = scene.stage.now() - begun;
      demand(
        took >= least,
        `${taken} publishes took ${Math.round(took)} ms, the rate allows them in ${least} ms`,
      );
      const again = await burst(client, room, { from: refusedAt + 1, to: taken + 5, re: 1000 });
      demandEqual(
        again.map(codeOf).filter((code) => code !== undefined),
        [],
        'refusals of the resend',
      );
      const seen = await client.received(room, taken + 5, 60_000);
      demandEqual(
        seen.map(({ d }) => d),
        Array.from({ length: taken + 5 }, (_, at) => at + 1),
        'what was delivered',
      );
    },
  ),
  conformanceCase(
    'pub-too-old',
    'a resend older than a day that nobody knows gets 119',
    ['op:pub!119', 'rule:publish.too-old', 'error:119', 'limit:resendWindowMs'],
    async (scene) => {
      const { client } = await scene.client('ann');
      const old = {
        room: scene.room(),
        cid: `${client.inst}.1`,
        data: 1,
        re: Limits.resendWindowMs + HOUR_MS,
      };
      await client.bad('pub', old, 119);
    },
  ),
  conformanceCase(
    'pub-room-rate',
    'a room takes so many publishes per second, whoever they come from; the rest wait',
    ['limit:roomPublishesPerSecond'],
    async (scene) => {
      const room = scene.room();
      const greeted = await Promise.all(Array.from({ length: 16 }, (_, at) => scene.client(`user${at}`)));
      const byGateway = greeted.map(({ hello }) =>
        greeted.filter((other) => other.hello.gateway === hello.gateway),
      );
      const [together = []] = byGateway.sort((a, b) => b.length - a.length);
      const limits = together[0]?.hello.limits;
      demand(limits !== undefined, 'limits must be published');
      const { publishBurst, roomPublishesPerSecond } = limits;
      const begun = scene.stage.now();
      const answers = await Promise.all(
        together.map(({ client }) => burst(client, room, { from: 1, to: publishBurst })),
      );
      demandEqual(
        answers
          .flat()
          .map(codeOf)
          .filter((code) => code !== undefined),
        [],
        'refusals',
      );
      const excess = together.length * publishBurst - roomPublishesPerSecond;
      const least = (excess / roomPublishesPerSecond) * 1000;
      const took = scene.stage.now() - begun;
      demand(
        took >= least,
        `they took ${Math.round(took)} ms, the rate allows them in ${Math.round(least)} ms`,
      );
    },
  ),
];

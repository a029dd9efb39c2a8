import type { MessagePush } from '../../gateway-frames.ts';
import { Limits } from '../../limits.ts';
import type { Client } from '../client.ts';
import { conformanceCase } from '../case.ts';
import { demand, demandEqual } from '../nonconformity.ts';

const FOREIGN = 'zzzzzz00000000000001';

function numbersOf(msgs: readonly object[]): unknown[] {
  return msgs.map((message) => (message as MessagePush).d);
}

function idOf(msgs: readonly object[], at: number): string {
  return (msgs.at(at) as MessagePush | undefined)?.id ?? '';
}

/** Everything a member saw is one chain by `p` that begins at `start`. */
function demandChain(seen: readonly MessagePush[], start: string): void {
  demandEqual(
    seen.map(({ p }) => p),
    [start, ...seen.map(({ id }) => id)].slice(0, seen.length),
    'p of each message against the id of the one before',
  );
}

/** Joining, catching up, scrolling back, leaving. */
export const roomCases = [
  conformanceCase(
    'join-newest',
    'a join without a position gets the newest messages and learns whether older ones exist',
    ['op:join', 'rule:room.newest', 'rule:room.limit', 'limit:joinMessages'],
    async (scene) => {
      const room = scene.room();
      const author = await scene.seed(room, Limits.joinMessages + 2);
      const head = idOf(author.client.messages(room), -1);
      const { client } = await scene.client('ann');
      const few = await client.good('join', { room, limit: 2 });
      demandEqual(numbersOf(few.msgs), [Limits.joinMessages + 1, Limits.joinMessages + 2], 'the newest two');
      demandEqual([few.more, few.recovered, few.head], [true, true, head], 'more, recovered, head');
      await client.good('leave', { room });
      const none = await client.good('join', { room, limit: 0 });
      demandEqual([none.msgs, none.more, none.head], [[], true, head], 'msgs, more and head with limit 0');
      await client.good('leave', { room });
      const usual = await client.good('join', { room });
      demandEqual(
        [usual.msgs.length, usual.more],
        [Limits.joinMessages, true],
        'msgs and more without a limit',
      );
    },
  ),
  conformanceCase(
    'join-empty',
    'the head of a room without messages is where it begins, for who comes back and for its first message',
    ['rule:room.beginning'],
    async (scene) => {
      const room = scene.room();
      const { client } = await scene.client('ann');
      const reply = await client.good('join', { room });
      demandEqual([reply.msgs, reply.more, reply.recovered], [[], false, true], 'reply');
      await client.good('leave', { room });
      const back = await client.good('join', { room, pos: reply.head });
      demandEqual([back.msgs, back.more, back.recovered, back.head], [[], false, true, reply.head], 'reply');
      client.publish(room, 1, 1);
      demandChain(await client.received(room, 1), reply.head);
    },
  ),
  conformanceCase(
    'join-resume',
    'a join with a position gets what follows it, in pages, and nothing twice',
    ['rule:room.resume', 'rule:room.beginning', 'rule:room.sync', 'op:sync'],
    async (scene) => {
      const room = scene.room();
      await scene.seed(room, 7);
      const { client } = await scene.client('ann');
      const first = await client.good('join', { room, pos: '', limit: 3 });
      demandEqual(
        [numbersOf(first.msgs), first.more, first.recovered],
        [[1, 2, 3], true, true],
        'first page',
      );
      demandChain(first.msgs as MessagePush[], '');
      const second = await client.good('sync', { room, from: idOf(first.msgs, -1), max: 3 });
      demandEqual(
        [numbersOf(second.msgs), second.more, second.recovered],
        [[4, 5, 6], true, true],
        'second page',
      );
      const third = await client.good('sync', { room, from: idOf(second.msgs, -1), max: 3 });
      demandEqual([numbersOf(third.msgs), third.more], [[7], false], 'third page');
      const end = await client.good('sync', { room, from: idOf(third.msgs, -1) });
      demandEqual([end.msgs, end.more, end.head], [[], false, idOf(third.msgs, -1)], 'at the end');
    },
  ),
  conformanceCase(
    'join-foreign-epoch',
    'a position of another log is answered honestly with the newest messages',
    ['rule:room.epoch', 'rule:room.foreign-position', 'op:sync!112', 'op:hist!112', 'error:112'],
    async (scene) => {
      const room = scene.room();
      await scene.seed(room, 3);
      const { client } = await scene.client('ann');
      const reply = await client.good('join', { room, pos: FOREIGN });
      demandEqual([reply.recovered, reply.reason], [false, 'epoch'], 'recovered and reason');
      demandEqual(numbersOf(reply.msgs), [1, 2, 3], 'the newest messages');
      await client.bad('sync', { room, from: FOREIGN }, 112);
      await client.bad('hist', { room, before: FOREIGN }, 112);
    },
  ),
  conformanceCase(
    'join-private-history',
    'who lacks the right to the history gets no messages without a position',
    ['rule:room.private'],
    async (scene) => {
      const room = scene.room();
      await scene.seed(room, 2);
      const { client } = await scene.client('ann', { claims: { caps: { '**': ['join'] } } });
      const reply = await client.good('join', { room });
      demandEqual(reply.msgs, [], 'messages');
    },
  ),
  conformanceCase(
    'join-in-traffic',
    'reply and pushes are one unbroken chain, whenever a member joins',
    ['rule:room.push', 'push:m'],
    async (scene) => {
      const room = scene.room();
      const author = await scene.client('author', { hello: { rooms: { [room]: {} } } });
      const count = 25;
      const members: { client: Client; first: MessagePush[]; head: string }[] = [];
      for (let n = 1; n <= count; n += 1) {
        author.client.publish(room, n, n);
        if (n % 6 !== 0) continue;
        const { client } = await scene.client(`member${n}`);
        const reply = await client.good('join', { room, limit: 2 });
        members.push({ client, first: reply.msgs as MessagePush[], head: reply.head });
      }
      await author.client.received(room, count);
      const last = idOf(author.client.messages(room), -1);
      for (const { client, first, head } of members) {
        const done = await client.wire.when(() => (idOf(client.messages(room), -1) || head) >= last, 15_000);
        demand(done, 'a member must see the last message');
        demandChain([...first, ...client.messages(room)], first[0]?.p ?? head);
      }
    },
  ),
  conformanceCase(
    'join-classes',
    'only the classes that were asked for are pushed',
    ['rule:room.classes'],
    async (scene) => {
      const room = scene.room();
      const quiet = await scene.client('ann', { hello: { rooms: { [room]: { classes: ['typing'] } } } });
      const bob = await scene.client('bob', { hello: { rooms: { [room]: {} } } });
      await bob.client.answer(bob.client.publish(room, 1, 1));
      await bob.client.received(room, 1);
      bob.client.wire.send(JSON.stringify({ typing: { room, on: true } }));
      await quiet.client.push('ty');
      await scene.stage.sleep(1500);
      demandEqual([quiet.client.pushes('m'), quiet.client.pushes('pr')], [[], []], 'pushes m and pr');
    },
  ),
  conformanceCase(
    'hist-pages',
    'the history is read backwards in pages without hole or double',
    ['op:hist', 'rule:room.hist'],
    async (scene) => {
      const room = scene.room();
      const author = await scene.seed(room, 5);
      const { client } = await scene.client('ann');
      const second = await client.good('hist', {
        room,
        before: idOf(author.client.messages(room), -1),
        max: 3,
      });
      demandEqual([numbersOf(second.msgs), second.more], [[2, 3, 4], true], 'the page before the last');
      const first = await client.good('hist', { room, before: idOf(second.msgs, 0), max: 3 });
      demandEqual([numbersOf(first.msgs), first.more], [[1], false], 'the first page');
    },
  ),
  conformanceCase(
    'reply-cut',
    'a reply is cut at 256 KiB, says that more remains, and the rest can be read',
    ['rule:room.cut', 'limit:replyBytes'],
    async (scene) => {
      const room = scene.room();
      const size = 60_000;
      await scene.seed(room, 7, (n) => `${n} ${'x'.repeat(size)}`);
      const { client } = await scene.client('ann');
      const first = await client.good('join', { room, pos: '' });
      const bytes = JSON.stringify(first.msgs).length;
      demand(bytes <= Limits.replyBytes + size && first.msgs.length >= 1, `the reply has ${bytes} bytes`);
      demand(first.more && first.recovered, 'it must say that more remains');
      const seen = [...first.msgs];
      let more: boolean = first.more;
      while (more) {
        const page = await client.good('sync', { room, from: idOf(seen, -1) });
        demand(page.msgs.length > 0, 'a page with more:true must have a message');
        seen.push(...page.msgs);
        ({ more } = page);
      }
      demandEqual(
        numbersOf(seen).map((data) => String(data).slice(0, 1)),
        ['1', '2', '3', '4', '5', '6', '7'],
        'all',
      );
    },
  ),
  conformanceCase(
    'leave',
    'after a leave nothing of the room is pushed',
    [
      'op:leave',
      'rule:room.leave',
      'op:leave!102',
      'op:sync!102',
      'op:join!105',
      'error:102',
      'error:105',
      'rule:room.again',
    ],
    async (scene) => {
      const room = scene.room();
      const ann = await scene.client('ann');
      await ann.client.bad('leave', { room }, 102);
      await ann.client.bad('sync', { room, from: '' }, 102);
      await ann.client.good('join', { room });
      await ann.client.bad('join', { room }, 105);
      await ann.client.good('leave', { room });
      const author = await scene.seed(room, 2);
      await author.client.received(room, 2);
      await ann.client.good('set', { info: null });
      demandEqual(ann.client.messages(room), [], 'messages after the leave');
    },
  ),
];

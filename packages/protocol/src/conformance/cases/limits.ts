import type { ProtocolError } from '../../errors.ts';
import { Limits } from '../../limits.ts';
import { conformanceCase } from '../case.ts';
import type { Client } from '../client.ts';
import { demand, demandEqual } from '../nonconformity.ts';
import { demandRefused, isRefused, type Scene } from '../scene.ts';

// Connections are counted somewhere between gateway and platform: the refusal must come after the limit and before this.
const MOST_CONNECTIONS = 40;
// Two seconds' worth at the default rate, more than any burst.
const CROWD = 120;

function errorOf(line: Readonly<Record<string, unknown>>): ProtocolError | undefined {
  return line['err'] as ProtocolError | undefined;
}

async function greetedOrClosed(scene: Scene, name: string): Promise<Client> {
  const client = await scene.guest(name);
  const i = client.ask('hello', { token: await scene.token(name), inst: client.inst });
  const came = await client.wire.when(
    () => client.wire.closeCode !== undefined || client.wire.lines.some((line) => line['i'] === i),
    15_000,
  );
  demand(came, 'a hello must be answered or the socket closed');
  return client;
}

/** Limits and what happens beyond them. */
export const limitCases = [
  conformanceCase(
    'limit-requests',
    'requests over the rate get 111 with a time, and who goes on is closed with 3013',
    ['error:111', 'close:3013', 'limit:requestsPerSecond', 'limit:requestBurst', 'limit:violationsPerMinute'],
    async (scene) => {
      const room = scene.room();
      const { client, hello } = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const { requestBurst } = hello.limits;
      const many = requestBurst + Limits.violationsPerMinute + 50;
      for (let n = 0; n < many; n += 1) client.ask('who', { room });
      await client.ends([3013]);
      const refused = client.wire.lines.map(errorOf).filter((err) => err !== undefined);
      const granted = client.wire.lines.filter((line) => line['who'] !== undefined).length;
      demand(granted <= requestBurst + 10, `${granted} of a burst of ${requestBurst} were granted`);
      demand(refused.length >= Limits.violationsPerMinute - 1, `${refused.length} refusals before the end`);
      demand(
        refused.every(({ code, retry, after }) => code === 111 && retry && (after ?? 0) > 0),
        'each refusal must be 111 with retry and after',
      );
    },
  ),
  conformanceCase(
    'limit-recovery',
    'a returning client may join and sync beyond the rate of requests',
    ['limit:recoveryBurst', 'limit:historyMessages'],
    async (scene) => {
      const room = scene.room();
      const { client, hello } = await scene.client('ann', { hello: { rooms: { [room]: {} } } });
      const beyond = hello.limits.requestBurst + 40;
      const asked = Array.from({ length: beyond }, () => client.ask('sync', { room, from: '' }));
      for (const i of asked) {
        const line = await client.answer(i);
        demand(line['err'] === undefined, `a sync was refused: ${JSON.stringify(line)}`);
      }
      const page = Limits.historyMessages + 1;
      await scene.stage.sleep(1000);
      await client.bad('sync', { room, from: '', max: page }, 107, 'max');
      await client.bad('hist', { room, before: '000000000000000000ab', max: page }, 107, 'max');
      await client.bad('join', { room: scene.room('other'), limit: page }, 107, 'limit');
    },
  ),
  conformanceCase(
    'limit-rooms',
    'rooms over the limit are refused with 106, the others are joined',
    ['limit:roomsPerConnection', 'op:join!106', 'error:106'],
    async (scene) => {
      const { client, hello } = await scene.client('ann');
      const { rooms } = hello.limits;
      const asked = Array.from({ length: rooms + 1 }, (_, n) =>
        client.ask('join', { room: scene.room(`r${n}`), limit: 0 }),
      );
      const codes: (number | undefined)[] = [];
      for (const i of asked) codes.push(errorOf(await client.answer(i, 60_000))?.code);
      demandEqual(
        codes.slice(0, rooms).filter((code) => code !== undefined),
        [],
        `refusals among ${rooms} rooms`,
      );
      demandEqual(codes.at(-1), 106, 'the room beyond the limit');
    },
  ),
  conformanceCase(
    'limit-connections',
    'a user has as many connections as allowed: one more is closed with 3504',
    ['limit:connectionsPerUser', 'close:3504'],
    async (scene) => {
      let last: Client | undefined;
      let open = 0;
      while (open < MOST_CONNECTIONS && last?.wire.closeCode === undefined) {
        last = await greetedOrClosed(scene, 'ann');
        await last.wire.when(() => last?.wire.closeCode !== undefined, 100);
        if (last.wire.closeCode === undefined) open += 1;
      }
      demand(open >= Limits.connectionsPerUser, `only ${open} connections were taken`);
      await last?.ends([3504]);
    },
  ),
  conformanceCase(
    'limit-connects-per-address',
    'new connections over the rate of their address get HTTP 429 with a time',
    ['limit:connectsPerSecondPerIp', 'rule:admission.address'],
    async (scene) => {
      const dialled = await Promise.all(Array.from({ length: CROWD }, () => scene.stage.dial({})));
      for (const wire of dialled) if (!isRefused(wire)) scene.adopt(wire, 'crowd').wire.cut();
      const refused = dialled.filter(isRefused);
      demand(refused.length > 0, `${CROWD} connections at once were all taken`);
      demand(refused.length < CROWD, 'none was taken');
      for (const each of refused) demandRefused(each, 429);
    },
  ),
  conformanceCase(
    'slow-reader',
    'who reads too slowly is closed with 3008 or cut, and the others get everything',
    ['close:3008', 'rule:admission.slow'],
    async (scene) => {
      const room = scene.room();
      const fast = await scene.client('fast', { hello: { rooms: { [room]: {} } } });
      const slow = await scene.client('slow', { hello: { rooms: { [room]: {} } } });
      slow.client.wire.stall(true);
      const senders = await Promise.all(Array.from({ length: 8 }, (_, at) => scene.client(`sender${at}`)));
      const each = 30;
      const data = 'x'.repeat(60_000);
      for (const { client } of senders) for (let n = 1; n <= each; n += 1) client.publish(room, n, data);
      await fast.client.received(room, senders.length * each, 60_000);
      slow.client.wire.stall(false);
      await slow.client.ends([3008, 1006], 30_000);
      demand(fast.client.wire.closeCode === undefined, 'the fast one must not notice');
    },
  ),
];

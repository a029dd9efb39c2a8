import type { ProtocolError } from '../../errors.ts';
import { Limits } from '../../limits.ts';
import { personalRoomOf } from '../../room.ts';
import { conformanceCase } from '../case.ts';
import { demand, demandEqual } from '../nonconformity.ts';
import type { Scene } from '../scene.ts';

/** What the HTTP API promises: effective on all gateways within 2 s; the rest is for a busy machine. */
const EFFECTIVE_MS = 5000;

async function administrate(scene: Scene, path: string, body: object): Promise<void> {
  const room = personalRoomOf(scene.user('ann'));
  const token = await scene.token('root', { caps: { [room]: ['admin'] } });
  const status = await scene.stage.post(path, { token, body });
  demandEqual(status, 204, `status of POST ${path}`);
}

/** Comes with a revoked token. A gateway that has not heard yet may take it, and must put it out when it hears. */
async function isRefused(scene: Scene, token: string): Promise<boolean> {
  const again = await scene.guest('ann');
  const { err } = await again.answer(again.ask('hello', { token, inst: again.inst }));
  demandEqual((err as ProtocolError | undefined)?.code ?? 101, 101, 'code of the refusal');
  await again.ends([3507], EFFECTIVE_MS);
  return err !== undefined;
}

/** Bursts that some tens of gateways would take. */
const ROUNDS = 40;

/** What an administrator does to connections, by the HTTP API. */
export const administrationCases = [
  conformanceCase(
    'disconnect',
    'who is disconnected by an administrator is closed with 3011 everywhere and may come back',
    ['close:3011'],
    async (scene) => {
      const all = [await scene.client('ann'), await scene.client('ann')];
      const bob = await scene.client('bob');
      await administrate(scene, `/users/${scene.user('ann')}/disconnect`, {});
      for (const { client } of all) await client.ends([3011], EFFECTIVE_MS);
      await scene.client('ann');
      demand(bob.client.wire.closeCode === undefined, 'others must not notice');
    },
  ),
  conformanceCase(
    'revoke',
    'whose tokens are revoked is closed with 3507 everywhere, and they are not taken again',
    ['close:3507'],
    async (scene) => {
      const all = [await scene.client('ann'), await scene.client('ann')];
      const old = await scene.token('ann');
      // Tokens say when they were issued in whole seconds.
      await scene.stage.sleep(1100);
      await administrate(scene, '/tokens/revoke', { sub: scene.user('ann') });
      for (const { client } of all) await client.ends([3507], EFFECTIVE_MS);
      const end = scene.stage.now() + EFFECTIVE_MS;
      while (!(await isRefused(scene, old))) {
        demand(scene.stage.now() < end, `the token was still taken ${EFFECTIVE_MS} ms after it was revoked`);
      }
    },
  ),
  conformanceCase(
    'limit-http',
    'requests to the HTTP API over the rate of their user get 429',
    ['limit:apiRequestsPerSecond', 'limit:apiRequestBurst'],
    async (scene) => {
      const token = await scene.token('root', { caps: {} });
      const path = `/users/${scene.user('nobody')}/disconnect`;
      const statuses: number[] = [];
      // Each gateway counts for itself, so it may take several times the burst.
      for (let round = 0; round < ROUNDS && !statuses.includes(429); round += 1) {
        const burst = Array.from({ length: Limits.apiRequestBurst }, () =>
          scene.stage.post(path, { token, body: {} }),
        );
        statuses.push(...(await Promise.all(burst)));
        demand(round > 0 || !statuses.includes(429), 'the first burst must be taken');
      }
      demandEqual([...new Set(statuses)].sort(), [403, 429], 'statuses');
    },
  ),
];

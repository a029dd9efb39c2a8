import { conformanceCase, needing } from '../case.ts';
import { demand, demandEqual } from '../nonconformity.ts';
import { isRefused, type Greeted, type Scene } from '../scene.ts';
import type { AdminPort } from '../stage.ts';

function adminOf(scene: Scene): AdminPort {
  const { admin } = scene.stage;
  demand(admin !== undefined, 'the runner names no admin port');
  return admin;
}

/** A client on the gateway of the admin port: connections are shared out by chance, so it is tried. */
async function onGateway(
  scene: Scene,
  name: string,
  hello: { caps?: string[]; rooms: Record<string, object> },
): Promise<Greeted> {
  const admin = adminOf(scene);
  for (let tries = 0; tries < 40; tries += 1) {
    const before = await admin.connections();
    const greeted = await scene.client(`${name}${tries}`, { hello });
    if ((await admin.connections()) > before) return greeted;
    greeted.client.wire.close(1000);
    await greeted.client.closed();
  }
  throw new Error('no connection reached the gateway of the admin port');
}

/** Moving away from a gateway that will stop. Nothing else may run meanwhile: the gateway takes no new connection. */
export const drainCases = [
  needing(
    'admin',
    conformanceCase(
      'drain',
      'clients are told to move; who makes before it breaks is taken over elsewhere, the others are closed with 3002',
      [
        'push:drain',
        'close:3002',
        'rule:drain.announce',
        'rule:drain.closed',
        'rule:drain.move',
        'rule:drain.upgrade',
      ],
      async (scene) => {
        const room = scene.room();
        const rooms = { [room]: {} };
        const admin = adminOf(scene);
        const mover = await onGateway(scene, 'mover', { caps: ['mbb'], rooms });
        const plain = await onGateway(scene, 'plain', { rooms });
        const ack = await mover.client.good('pub', { room, cid: `${mover.client.inst}.1`, data: 1 });
        const last = plain.client.publish(room, 1, 'under way');
        await admin.startDrain();
        try {
          const drain = await mover.client.push('drain');
          demand(
            drain.after[0] <= drain.after[1] && drain.deadline > 0,
            'drain must name a window and a deadline',
          );
          demand(
            (await plain.client.answer(last))['pub'] !== undefined,
            'what is under way must be acknowledged',
          );
          await plain.client.ends([3002], 30_000);
          const bye = await plain.client.push('bye');
          demand(bye.reconnect && bye.after !== undefined, 'bye must name a window');
          await refusedSomewhere(scene);
          await moved(scene, { mover, room, pos: ack.id ?? '', resume: drain.resume });
        } finally {
          await admin.cancelDrain();
        }
      },
    ),
  ),
];

/** Of many upgrades some reach the draining gateway. */
async function refusedSomewhere(scene: Scene): Promise<void> {
  for (let tries = 0; tries < 40; tries += 1) {
    const dialled = await scene.stage.dial({});
    if (!isRefused(dialled)) scene.adopt(dialled, 'visitor').wire.cut();
    else if (dialled.status === 503) {
      demand((dialled.retryAfter ?? 0) > 0, 'HTTP 503 must come with Retry-After');
      return;
    } else await scene.stage.sleep(1000);
  }
  demand(false, 'no upgrade was refused with HTTP 503 while the gateway drained');
}

async function moved(
  scene: Scene,
  { mover, room, pos, resume }: { mover: Greeted; room: string; pos: string; resume: string },
): Promise<void> {
  const token = await scene.stage.token(mover.client.user, {});
  for (let tries = 0; tries < 40; tries += 1) {
    const dialled = await scene.stage.dial({});
    if (isRefused(dialled)) {
      await scene.stage.sleep(200);
      continue;
    }
    const fresh = scene.adopt(dialled, 'mover');
    const hello = await fresh.good('hello', {
      token,
      inst: mover.client.inst,
      resume,
      caps: ['mbb'],
      rooms: { [room]: { pos } },
    });
    demandEqual([hello.resumed, hello.sid], [true, mover.hello.sid], 'resumed and sid');
    await mover.client.ends([3514]);
    return;
  }
  demand(false, 'no other gateway took the client');
}

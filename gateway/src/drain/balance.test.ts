import { memoryRedis, type GatewayInfo } from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import { Balance } from './balance.ts';

const serving = (connections: number): GatewayInfo => ({ state: 'serving', address: '', connections });

function scene(own: number) {
  const clock = new ManualClock();
  const { sessions } = memoryRedis({ clock }).open();
  const state = { own, enabled: true };
  const balance = new Balance({
    incarnation: 'a',
    clock,
    sessions,
    own: () => state.own,
    enabled: () => state.enabled,
  });
  const update = (others: Record<string, GatewayInfo>): void =>
    balance.update(new Map(Object.entries({ a: serving(0), ...others })));
  return { clock, sessions, state, balance, update };
}

test('the surplus is what is above the mean, once that is more than 1.1 times the mean and worth a move', () => {
  const { balance, state, update } = scene(200);
  expect(balance.surplus).toBe(0);
  update({ b: serving(200), c: serving(0) });
  expect(balance.surplus).toBe(66);
  state.own = 140;
  expect(balance.mean).toBeCloseTo(113.3, 1);
  expect(balance.surplus).toBe(26);
  // By little only, or of few.
  update({ b: serving(130), c: serving(130) });
  expect(balance.surplus).toBe(0);
  state.own = 20;
  update({ b: serving(0) });
  expect(balance.surplus).toBe(0);
});

test('nothing is known while one is drained, alone, with leases of long ago, or switched off', async () => {
  const { balance, clock, state, update } = scene(200);
  update({ b: serving(0) });
  expect(balance.surplus).toBe(100);
  state.enabled = false;
  expect(balance.surplus).toBe(0);
  state.enabled = true;
  update({ b: serving(0), c: { ...serving(50), state: 'draining' } });
  expect(balance.mean).toBeUndefined();
  expect(balance.gateways).toBe(3);
  update({});
  expect(balance.mean).toBeUndefined();
  update({ b: serving(0) });
  await clock.advance(16_000);
  expect(balance.surplus).toBe(0);
  expect(balance.gateways).toBe(2);
});

test('a move costs as many reconnects as dials until one reaches a gateway with room', () => {
  const { balance, update } = scene(300);
  expect(balance.reconnectsPerMove).toBe(1);
  update({ b: serving(300), c: serving(0) });
  expect(balance.reconnectsPerMove).toBe(3);
  update({ b: serving(100), c: serving(0) });
  expect(balance.reconnectsPerMove).toBe(1.5);
});

test('only who still has its old socket is sent on, and only from a gateway without room', async () => {
  const { balance, sessions, state, update } = scene(300);
  await sessions.create('s', { user: 'ann', incarnation: 'b' });
  update({ b: serving(300), c: serving(0) });
  expect(await balance.isMoreWelcomeElsewhere('s')).toBe(false);
  await sessions.markMoving('s', { incarnation: 'b', generation: 1 });
  expect(await balance.isMoreWelcomeElsewhere('s')).toBe(true);
  expect(await balance.isMoreWelcomeElsewhere('unknown')).toBe(false);
  state.own = 150;
  expect(await balance.isMoreWelcomeElsewhere('s')).toBe(false);
  state.own = 300;
  // Its gateway is gone: there is no old socket to go on with.
  update({ c: serving(0) });
  expect(await balance.isMoreWelcomeElsewhere('s')).toBe(false);
  await sessions.suspend('s', { incarnation: 'b', generation: 1 }, 1000);
  update({ b: serving(300), c: serving(0) });
  expect(await balance.isMoreWelcomeElsewhere('s')).toBe(false);
});

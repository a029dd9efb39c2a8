import { ManualClock } from '@chatplatform/runtime';
import { hotChannelOf, hotChannels, HotRooms, isHotChannel } from './hot-rooms.ts';

const gateways = (count: number): string[] => Array.from({ length: count }, (_, n) => `gw-${n}`);

function scene(count: number, above?: number) {
  const clock = new ManualClock();
  const fleet = { live: gateways(count), asked: 0, fails: false };
  const hot = new HotRooms({
    clock,
    above,
    live: () => {
      fleet.asked += 1;
      return fleet.fails ? Promise.reject(new Error('away')) : Promise.resolve(new Set(fleet.live));
    },
  });
  const isHot = (routes: number): boolean =>
    hot.inboxesOf('team:1', gateways(routes))[0] === hotChannelOf('team:1');
  /** Asks until the number of gateways has been read. */
  const settled = async (routes: number): Promise<boolean> => {
    isHot(routes);
    await clock.advance(0);
    return isHot(routes);
  };
  return { clock, fleet, isHot, settled };
}

test('a room on more than 8 gateways and a quarter of all is hot', async () => {
  expect(await scene(10).settled(8)).toBe(false);
  expect(await scene(10).settled(9)).toBe(true);
  expect(await scene(100).settled(25)).toBe(false);
  expect(await scene(100).settled(26)).toBe(true);
});

test('it is cold again only a good deal below that', async () => {
  const { isHot, settled } = scene(100);
  expect(await settled(26)).toBe(true);
  expect(isHot(21)).toBe(true);
  expect(isHot(20)).toBe(false);
  expect(isHot(25)).toBe(false);
});

test('nothing is hot before the number of gateways is known; an old number counts while there is no newer one', async () => {
  const { clock, fleet, isHot, settled } = scene(10);
  fleet.fails = true;
  expect(await settled(9)).toBe(false);
  fleet.fails = false;
  await clock.advance(5_000);
  expect(await settled(9)).toBe(true);
  fleet.fails = true;
  await clock.advance(60_000);
  expect(isHot(9)).toBe(true);
});

test('who has members on few gateways costs no question', () => {
  const { fleet, isHot } = scene(100);
  expect(isHot(8)).toBe(false);
  expect(fleet.asked).toBe(0);
});

test('rooms spread over all hot channels, and their names are told from those of gateways', () => {
  const used = new Set(Array.from({ length: 1000 }, (_, n) => hotChannelOf(`team:${n}`)));
  expect([...used].toSorted()).toEqual(hotChannels().toSorted());
  expect(hotChannels().every(isHotChannel)).toBe(true);
  expect(isHotChannel('gw-abc')).toBe(false);
});

import { FanOut, MAX_FRAME_BYTES } from './fan-out.ts';

function scene() {
  const frames: string[] = [];
  const told: number[] = [];
  const fanOut = new FanOut({
    broadcaster: { publish: (_topic, frame) => void frames.push(frame), subscribers: () => 1 },
    windowMs: () => 0,
    schedule: () => undefined,
    onFrame: (lines) => told.push(lines),
  });
  return { fanOut, frames, told };
}

test('lines of a window leave as one frame, in their order', () => {
  const { fanOut, frames } = scene();
  for (const line of ['1', '2', '3']) fanOut.add('t', line);
  fanOut.add('u', '4');
  fanOut.flushAll();
  expect(frames).toEqual(['1\n2\n3', '4']);
});

test('of lines with the same key only the newest leaves, where it came', () => {
  const { fanOut, frames, told } = scene();
  fanOut.add('t', 'a1', 'a');
  fanOut.add('t', 'b2', 'b');
  fanOut.add('t', 'a3', 'a');
  fanOut.add('t', 'no key');
  fanOut.add('t', 'a4', 'a');
  fanOut.flushAll();
  fanOut.add('t', 'a5', 'a');
  fanOut.flushAll();
  expect(frames).toEqual(['b2\nno key\na4', 'a5']);
  expect(told).toEqual([3, 1]);
});

test('a frame stays below the limit; what was replaced takes no room', () => {
  const { fanOut, frames } = scene();
  const big = 'x'.repeat(MAX_FRAME_BYTES / 2);
  for (let n = 0; n < 10; n += 1) fanOut.add('t', `${big}${n}`, 'a');
  fanOut.add('t', big);
  fanOut.flushAll();
  expect(frames.map((frame) => frame.length)).toEqual([big.length + 1, big.length]);
  fanOut.add('t', `${big}${big}`, 'a');
  fanOut.add('t', `${big}${big}!`, 'a');
  fanOut.flushAll();
  expect(frames.slice(2)).toEqual([`${big}${big}!`]);
});

import { slotOf } from './slot.ts';

test.each([
  // From the Redis Cluster specification: CRC16("123456789") = 0x31C3.
  ['123456789', 0x31c3 % 16_384],
  ['foo', 12_182],
  ['', 0],
])('slot of %j is %i', (tag, slot) => {
  expect(slotOf(tag)).toBe(slot);
});

import {
  deal,
  decodeShare,
  decodeSubscription,
  encodeShare,
  encodeSubscription,
  type GroupMember,
} from './group-codec.ts';

const member = (memberId: string, instanceId: string | null = null, topics = ['a']): GroupMember => ({
  memberId,
  instanceId,
  topics,
});

test('what a member asks for and is given survives the wire', () => {
  expect(decodeSubscription(encodeSubscription(['chat.messages', 'é']))).toEqual(['chat.messages', 'é']);
  const share = { 'chat.messages': [0, 2, 4], other: [1] };
  expect(decodeShare(encodeShare(share))).toEqual(share);
  expect(decodeShare(encodeShare({}))).toEqual({});
  expect(decodeShare(Buffer.alloc(0))).toEqual({});
});

test('every partition goes to exactly one member that wants its topic, and counts differ by one at most', () => {
  const members = [member('m1'), member('m2', null, ['a', 'b']), member('m3', null, ['a', 'b'])];
  const shares = [...deal(members, (topic) => (topic === 'a' ? 7 : 4)).values()];
  const given = shares.flatMap((share) =>
    Object.entries(share).flatMap(([topic, partitions]) =>
      partitions.map((partition) => `${topic}${partition}`),
    ),
  );
  expect(given.toSorted()).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'b0', 'b1', 'b2', 'b3']);
  expect(shares[0]).not.toHaveProperty('b');
  const counts = shares.map((share) => share['a']?.length ?? 0);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
});

test('a static member that comes back under another id gets what it had', () => {
  const before = deal([member('m9', 'one'), member('m5', 'two')], () => 4);
  const after = deal([member('m5', 'two'), member('m1', 'one')], () => 4);
  expect(after.get('m1')).toEqual(before.get('m9'));
  expect(after.get('m5')).toEqual(before.get('m5'));
});

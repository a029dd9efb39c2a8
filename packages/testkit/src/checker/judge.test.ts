import { assert, integer, property } from 'fast-check';
import { formatPosition } from '@chatplatform/protocol';
import { seededRandom } from '@chatplatform/runtime';
import { formatVerdict, judge, type HistoryEvent, type ViolationKind } from './index.ts';

const at = 0;
const room = 'r';
const id = (offset: number, epoch = 'aaaaaa') => formatPosition(epoch, 0, offset);
const cid = (tag: string) => `cid-${tag}`;

const joined = (client: string, head?: string): HistoryEvent => ({ kind: 'joined', at, client, room, head });
const left = (client: string): HistoryEvent => ({ kind: 'left', at, client, room });
const sent = (client: string, tag: string): HistoryEvent => ({ kind: 'sent', at, client, room, tag });
const failed = (client: string, tag: string): HistoryEvent => ({
  kind: 'failed',
  at,
  client,
  room,
  tag,
  reason: '119',
});
const acked = (client: string, tag: string, offset?: number): HistoryEvent => ({
  kind: 'acked',
  at,
  client,
  room,
  tag,
  cid: cid(tag),
  dup: false,
  ...(offset === undefined ? {} : { id: id(offset) }),
});
const received = (client: string, tag: string, offset: number): HistoryEvent => ({
  kind: 'received',
  at,
  client,
  room,
  tag,
  cid: cid(tag),
  id: id(offset),
});
const lost = (client: string): HistoryEvent => ({
  kind: 'continuity-lost',
  at,
  client,
  room,
  reason: 'expired',
});

function kinds(...events: HistoryEvent[]): ViolationKind[] {
  return judge(events).violations.map((violation) => violation.kind);
}

const together = [joined('a', ''), joined('b', '')];

describe('clean histories', () => {
  test('everybody got everything', () => {
    const verdict = judge([
      ...together,
      sent('a', 'a1'),
      received('b', 'a1', 1),
      acked('a', 'a1', 1),
      received('a', 'a1', 1),
    ]);
    expect(verdict.clean).toBe(true);
    expect(verdict.counts).toMatchObject({ clients: 2, rooms: 1, sent: 1, acked: 1, received: 2 });
    expect(formatVerdict(verdict, 7)).toContain(
      'checker: clean\n  seed 7; 2 clients in 1 rooms; sent 1, acked 1',
    );
  });

  test('what was sent before a join, after a leave, or told as missing is not owed', () => {
    expect(
      kinds(
        joined('a', ''),
        sent('a', 'a1'),
        acked('a', 'a1', 1),
        received('a', 'a1', 1),
        joined('b', id(1)),
        joined('c'),
        left('b'),
        sent('a', 'a2'),
        acked('a', 'a2', 2),
        received('a', 'a2', 2),
        lost('c'),
      ),
    ).toEqual([]);
  });

  test('a publish that failed may be in the log or not', () => {
    expect(kinds(...together, sent('a', 'a1'), failed('a', 'a1'))).toEqual([]);
    expect(
      kinds(...together, sent('a', 'a1'), failed('a', 'a1'), received('a', 'a1', 1), received('b', 'a1', 1)),
    ).toEqual([]);
  });

  test('another log begins with small ids again', () => {
    const other = { ...received('a', 'a2', 0), id: id(0, 'bbbbbb') } as HistoryEvent;
    expect(kinds(joined('a', ''), sent('a', 'a1'), received('a', 'a1', 9), sent('a', 'a2'), other)).toEqual(
      [],
    );
  });
});

describe('every broken promise is seen', () => {
  test('lost: acknowledged and not received by a member that stayed', () => {
    expect(kinds(...together, sent('a', 'a1'), acked('a', 'a1', 1), received('a', 'a1', 1))).toEqual([
      'lost',
    ]);
  });

  test('lost: acknowledged without an id and received by nobody', () => {
    expect(kinds(...together, sent('a', 'a1'), acked('a', 'a1'))).toEqual(['lost', 'lost']);
  });

  test('lost: a hole before the last message of a member that left', () => {
    expect(
      kinds(
        joined('b', ''),
        sent('a', 'a1'),
        acked('a', 'a1', 1),
        sent('a', 'a2'),
        acked('a', 'a2', 2),
        received('b', 'a2', 2),
        left('b'),
      ),
    ).toEqual(['lost']);
  });

  test('lost: after a told gap everything newer is owed again', () => {
    expect(kinds(joined('b', ''), lost('b'), sent('a', 'a1'), acked('a', 'a1', 6))).toEqual(['lost']);
  });

  test('partial: not acknowledged, in the log, and one member went without', () => {
    expect(kinds(...together, sent('a', 'a1'), failed('a', 'a1'), received('a', 'a1', 1))).toEqual([
      'partial',
    ]);
  });

  test('doubled: the same id again, and the same message under another id', () => {
    expect(kinds(joined('a', ''), sent('a', 'a1'), received('a', 'a1', 1), received('a', 'a1', 1))).toEqual([
      'doubled',
    ]);
    expect(kinds(joined('a', ''), sent('a', 'a1'), received('a', 'a1', 1), received('a', 'a1', 2))).toContain(
      'doubled',
    );
  });

  test('doubled: again after a leave and a new join', () => {
    expect(
      kinds(
        joined('a', ''),
        sent('a', 'a1'),
        received('a', 'a1', 1),
        left('a'),
        joined('a', ''),
        received('a', 'a1', 1),
      ),
    ).toEqual(['doubled']);
  });

  test('forked: two members know one message by two ids, or one id as two messages', () => {
    expect(kinds(...together, sent('a', 'a1'), received('a', 'a1', 1), received('b', 'a1', 2))).toEqual([
      'forked',
    ]);
    expect(
      kinds(
        ...together,
        sent('a', 'a1'),
        sent('b', 'b1'),
        received('a', 'a1', 1),
        received('a', 'b1', 2),
        received('b', 'b1', 1),
        received('b', 'a1', 2),
      ),
    ).toContain('forked');
  });

  test('order: a member got a smaller id after a larger one', () => {
    expect(
      kinds(
        joined('c', ''),
        sent('a', 'a1'),
        sent('b', 'b1'),
        received('c', 'a1', 2),
        received('c', 'b1', 1),
      ),
    ).toEqual(['order']);
  });

  test('sender-order: the log holds a sender’s messages in another order than sent', () => {
    expect(
      kinds(
        joined('c', ''),
        sent('a', 'a1'),
        sent('a', 'a2'),
        received('c', 'a2', 1),
        received('c', 'a1', 2),
      ),
    ).toEqual(['sender-order']);
  });

  test('wrong-ack: another id or another cid than the delivery', () => {
    expect(kinds(joined('a', ''), sent('a', 'a1'), acked('a', 'a1', 1), received('a', 'a1', 2))).toEqual([
      'wrong-ack',
    ]);
    const foreign = { ...received('a', 'a1', 1), cid: 'other' } as HistoryEvent;
    expect(kinds(joined('a', ''), sent('a', 'a1'), acked('a', 'a1', 1), foreign)).toEqual(['wrong-ack']);
  });

  test('invented: nobody sent it, or not to this room', () => {
    expect(kinds(joined('a', ''), received('a', '', 1))).toEqual(['invented']);
    const elsewhere = { ...sent('a', 'a1'), room: 'other' } as HistoryEvent;
    expect(kinds(joined('a', ''), elsewhere, received('a', 'a1', 1))).toEqual(['invented']);
  });
});

test('the report shows the first counter-example with its history', () => {
  const verdict = judge([...together, sent('a', 'a1'), acked('a', 'a1', 1), received('a', 'a1', 1)]);
  const text = formatVerdict(verdict, 99);
  expect(text).toContain('VIOLATED (lost 1)');
  expect(text).toContain(`first: lost in room r: b never got "a1" (${id(1)}), which was acknowledged`);
  expect(text).toMatch(/> +0 ms {2}a +acked/);
  expect(text).toContain('seed 99');
});

/** A run without faults: members join at the start, every message reaches everybody in the order of the log. */
function perfectRun(seed: number): HistoryEvent[] {
  const random = seededRandom(seed);
  const members = ['a', 'b', 'c'];
  const events = members.map((member) => joined(member, ''));
  for (let offset = 1; offset <= 12; offset += 1) {
    const sender = members[Math.floor(random.next() * 3)] as string;
    events.push(sent(sender, `m${offset}`));
    const after = [acked(sender, `m${offset}`, random.next() < 0.5 ? offset : undefined)];
    for (const member of members) after.push(received(member, `m${offset}`, offset));
    events.push(...after.toSorted(() => random.next() - 0.5));
  }
  return events;
}

test('dropping, doubling or swapping any delivery of a clean run is found', () => {
  assert(
    property(integer(), integer({ min: 0, max: 1e6 }), (seed, pick) => {
      const run = perfectRun(seed);
      expect(judge(run).clean).toBe(true);
      const deliveries = run.flatMap((event, index) => (event.kind === 'received' ? [index] : []));
      const victim = deliveries[pick % deliveries.length] as number;
      expect(judge(run.toSpliced(victim, 1)).clean).toBe(false);
      expect(judge(run.toSpliced(victim, 0, run[victim] as HistoryEvent)).clean).toBe(false);
      const event = run[victim] as HistoryEvent;
      const next = deliveries.find((index) => index > victim && run[index]?.client === event.client);
      if (next === undefined) return;
      expect(judge(run.with(victim, run[next] as HistoryEvent).with(next, event)).clean).toBe(false);
    }),
    { numRuns: 60 },
  );
});

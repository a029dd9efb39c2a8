import { sameLog } from '@chatplatform/protocol';
import { excerptOf } from './excerpt.ts';
import type { History, Received } from './history.ts';
import { roomLogs, type Message, type RoomLog, type Stay } from './room-log.ts';
import { MAX_KEPT, type Counts, type Verdict, type Violation, type ViolationKind } from './verdict.ts';

type Report = (violation: Violation) => void;

/**
 * Judges a finished run. Pure: the same history gives the same verdict. The run must have come to rest (every
 * publish settled, deliveries waited for), or what is still under way counts as lost.
 */
export function judge(history: History): Verdict {
  const kept: Violation[] = [];
  const broken: Partial<Record<ViolationKind, number>> = {};
  const report: Report = (violation) => {
    const count = (broken[violation.kind] ?? 0) + 1;
    broken[violation.kind] = count;
    if (count <= MAX_KEPT) kept.push(violation);
  };
  for (const log of roomLogs(history)) {
    checkDeliveries(log, report);
    checkIdentity(log, report);
    checkSenderOrder(log, report);
    checkAcks(log, report);
    for (const stay of log.stays) checkStay(log, stay, report);
  }
  const violations = kept.toSorted((a, b) => a.index - b.index);
  const first = violations[0];
  return {
    clean: violations.length === 0,
    counts: countsOf(history),
    broken,
    violations,
    excerpt: first === undefined ? [] : excerptOf(history, first),
  };
}

/** None twice, none invented, ids of each member strictly rising. */
function checkDeliveries(log: RoomLog, report: Report): void {
  const seen = new Map<string, { ids: Set<string>; tags: Set<string>; last: string }>();
  for (const { event, index } of log.received) {
    const state = seen.get(event.client) ?? { ids: new Set(), tags: new Set(), last: '' };
    seen.set(event.client, state);
    const found = (kind: ViolationKind, message: string): void =>
      report({ ...named(event, index), kind, message });
    if (!log.messages.has(event.tag)) {
      found('invented', `got "${event.tag || '(foreign payload)'}" which nobody sent to this room`);
    } else if (state.ids.has(event.id) || state.tags.has(event.tag)) {
      found('doubled', `got "${event.tag}" a second time, as ${event.id}`);
    } else if (sameLog(state.last, event.id) && event.id <= state.last) {
      found('order', `got ${event.id} after ${state.last}`);
    }
    state.ids.add(event.id);
    state.tags.add(event.tag);
    state.last = event.id;
  }
}

/** One id, one message; one message, one id. With rising ids this makes one order for all. */
function checkIdentity(log: RoomLog, report: Report): void {
  const tagOf = new Map<string, string>();
  const idOf = new Map<string, string>();
  for (const { event, index } of log.received) {
    const tag = tagOf.get(event.id) ?? event.tag;
    const id = idOf.get(event.tag) ?? event.id;
    const found = (message: string): void => report({ ...named(event, index), kind: 'forked', message });
    if (tag !== event.tag) found(`${event.id} is "${event.tag}" here and "${tag}" for somebody else`);
    else if (id !== event.id) found(`"${event.tag}" is ${event.id} here and ${id} elsewhere`);
    tagOf.set(event.id, tag);
    idOf.set(event.tag, id);
  }
}

/** Each member sees each sender's messages in the order they were sent; so do the acks' ids. */
function checkSenderOrder(log: RoomLog, report: Report): void {
  const ranks = new Map<string, Message>();
  for (const { event, index } of log.received) {
    const message = log.messages.get(event.tag);
    if (message === undefined) continue;
    const pair = `${event.client}\n${message.sender}`;
    const before = ranks.get(pair);
    if (before !== undefined && before.rank > message.rank) {
      const text = `got "${message.tag}" after "${before.tag}", which ${message.sender} sent later`;
      report({ ...named(event, index), kind: 'sender-order', message: text });
    }
    ranks.set(pair, message);
  }
}

/** An ack names the id and the cid of the delivered message. */
function checkAcks(log: RoomLog, report: Report): void {
  for (const { event, index } of log.received) {
    const ack = log.messages.get(event.tag)?.ack?.event;
    if (ack === undefined) continue;
    const found = (text: string): void =>
      report({ ...named(event, index), kind: 'wrong-ack', message: text });
    if (ack.id !== undefined && ack.id !== event.id)
      found(`"${event.tag}" was acked as ${ack.id} and arrived as ${event.id}`);
    else if (ack.cid !== event.cid)
      found(`"${event.tag}" was acked with cid ${ack.cid} and arrived with ${event.cid}`);
  }
}

/** Every message that is in the log and belongs into a stay was received in it. */
function checkStay(log: RoomLog, stay: Stay, report: Report): void {
  const got = new Set(stay.received.map(({ event }) => event.tag));
  const last = stay.received.at(-1)?.event.id;
  for (const message of log.messages.values()) {
    if (got.has(message.tag) || !isOwed(message, stay, last)) continue;
    const acked = message.ack !== undefined;
    const proof = acked ? 'was acknowledged' : `reached ${message.deliveries} others`;
    report({
      kind: acked ? 'lost' : 'partial',
      room: log.room,
      client: stay.client,
      tag: message.tag,
      id: message.id,
      index: message.ack?.index ?? message.sentAt,
      message: `never got "${message.tag}"${message.id === undefined ? '' : ` (${message.id})`}, which ${proof}`,
    });
  }
}

function isOwed(message: Message, stay: Stay, last: string | undefined): boolean {
  if (message.ack === undefined && message.deliveries === 0) return false;
  if (message.id !== undefined && stay.head !== undefined) {
    if (sameLog(message.id, stay.head) && message.id <= stay.head) return false;
  } else if (message.sentAt < stay.from) {
    return false;
  }
  if (stay.to === undefined) return true;
  // The stay ended: only a hole before the last message it saw is a loss.
  return message.id !== undefined && last !== undefined && sameLog(message.id, last) && message.id < last;
}

function named(event: Received, index: number): Omit<Violation, 'kind' | 'message'> {
  return { room: event.room, client: event.client, tag: event.tag, id: event.id, index };
}

function countsOf(history: History): Counts {
  const count = (kind: string): number =>
    history.reduce((sum, event) => sum + (event.kind === kind ? 1 : 0), 0);
  return {
    clients: new Set(history.map((event) => event.client)).size,
    rooms: new Set(history.map((event) => event.room)).size,
    sent: count('sent'),
    acked: count('acked'),
    ackedAgain: history.filter((event) => event.kind === 'acked' && event.dup).length,
    failed: count('failed'),
    received: count('received'),
    continuityLost: count('continuity-lost'),
  };
}

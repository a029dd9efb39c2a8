import type { History, HistoryEvent } from './history.ts';
import type { Violation } from './verdict.ts';

/** Events of the suffering client shown before and after the one that counts. */
const NEIGHBOURS = 6;
/** Lines shown at most. */
const MAX_LINES = 60;

/** The life of the violated message at everybody, and what the suffering client saw around it, as lines. */
export function excerptOf(history: History, violation: Violation): string[] {
  const indexes = new Set<number>([violation.index]);
  const own: number[] = [];
  history.forEach((event, index) => {
    if (event.room !== violation.room) return;
    if ('tag' in event && event.tag === violation.tag) indexes.add(index);
    if (event.client === violation.client) own.push(index);
  });
  const nearest = own.findIndex((index) => index >= violation.index);
  const middle = nearest < 0 ? own.length : nearest;
  for (const index of own.slice(Math.max(0, middle - NEIGHBOURS), middle + NEIGHBOURS)) indexes.add(index);
  for (const index of own) {
    if (isStayChange(history[index])) indexes.add(index);
  }
  return [...indexes]
    .toSorted((a, b) => a - b)
    .slice(0, MAX_LINES)
    .map((index) => `${index === violation.index ? '>' : ' '} ${line(history[index] as HistoryEvent)}`);
}

function isStayChange(event: HistoryEvent | undefined): boolean {
  return event !== undefined && ['joined', 'left', 'continuity-lost'].includes(event.kind);
}

function line(event: HistoryEvent): string {
  const { kind, at, client, ...rest } = event;
  const fields = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${String(value)}`);
  return `${String(Math.round(at)).padStart(7)} ms  ${client.padEnd(6)} ${kind.padEnd(15)} ${fields.join(' ')}`;
}

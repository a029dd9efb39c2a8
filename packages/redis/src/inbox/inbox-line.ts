import type { InboxClass, InboxItem, InboxLine } from './inbox.ts';

const ABSENT = '-';
const CLASSES: ReadonlySet<string> = new Set<InboxClass>(['m', 'v', 'rj', 'pr', 'ty', 'rc', 'ctl']);

/** `<class> <room> <id> <p> <frame>`; the frame of an `rj` is preceded by the session. */
export function encodeInboxLine(item: InboxItem): InboxLine {
  const session = item.class === 'rj' ? `${item.sid ?? ABSENT} ` : '';
  return `${item.class} ${item.room ?? ABSENT} ${item.id ?? ABSENT} ${item.p ?? ABSENT} ${session}${item.frame}`;
}

/** Reads a line; `undefined` when it is none (a newer sender: skip it). */
export function decodeInboxLine(line: InboxLine): InboxItem | undefined {
  const words = splitWords(line, 4);
  if (!words) return undefined;
  const [kind = '', room, id, p, rest = ''] = words;
  if (!CLASSES.has(kind)) return undefined;
  const item = { class: kind as InboxClass, room: known(room), id: known(id), p: known(p) };
  if (kind !== 'rj') return { ...item, frame: rest };
  const session = splitWords(rest, 1);
  return session && { ...item, sid: known(session[0]), frame: session[1] ?? '' };
}

/** The first `count` words and the rest of the line. */
function splitWords(line: string, count: number): string[] | undefined {
  const words: string[] = [];
  let from = 0;
  for (let word = 0; word < count; word += 1) {
    const space = line.indexOf(' ', from);
    if (space < 0) return undefined;
    words.push(line.slice(from, space));
    from = space + 1;
  }
  words.push(line.slice(from));
  return words;
}

function known(word: string | undefined): string | undefined {
  return word === ABSENT ? undefined : word;
}

// Several people edit one text. The room is the document: a stream of operations that everybody gets completely and in
// the same order, so everybody who folds it gets the same text. No server of your own is needed.
import { createInterface } from 'node:readline';
import { connect, type ChatClient, type Message, type Room } from '@chatplatform/client';

/** Replaces `remove` characters at `index` by `insert`, in the text as its author saw it after operation `seen`. */
export interface Operation {
  readonly seen: string;
  readonly index: number;
  readonly remove: number;
  readonly insert: string;
}

interface Applied {
  readonly id: string;
  readonly index: number;
  readonly remove: number;
  readonly added: number;
}

/** A text that everybody in the room edits. */
export class SharedText {
  readonly #room: Room<Operation>;
  readonly #applied: Applied[] = [];
  #text = '';
  #seen = '';
  /** Called with every change. */
  onChange: (text: string) => void = () => undefined;

  constructor(client: ChatClient, document: string) {
    // From the beginning: the text is what all of its operations make of an empty one.
    this.#room = client.join<Operation>(`document:${document}`, { from: '' });
    this.#room.on('message', (message) => this.#apply(message));
  }

  get text(): string {
    return this.#text;
  }

  /** Edits the text as it is shown now. Resolves when everybody will see it; it is shown here with them. */
  async edit(index: number, remove: number, insert: string): Promise<void> {
    await this.#room.publish({ seen: this.#seen, index, remove, insert });
  }

  #apply({ id, data }: Message<Operation>): void {
    // What its author had not seen yet has moved the places the operation names.
    const missed = this.#applied.filter((earlier) => earlier.id > data.seen);
    const start = missed.reduce(startMoved, data.index);
    const end = Math.max(start, missed.reduce(endMoved, data.index + data.remove));
    this.#text = this.#text.slice(0, start) + data.insert + this.#text.slice(end);
    this.#applied.push({ id, index: start, remove: end - start, added: data.insert.length });
    this.#seen = id;
    this.onChange(this.#text);
  }
}

/** Where the beginning of a stretch of the text is after an operation: behind what was inserted there. */
function startMoved(place: number, { index, remove, added }: Applied): number {
  if (place < index) return place;
  return Math.max(place - remove, index) + added;
}

/** Where its end is: before what was inserted there, which nobody wanted to remove. */
function endMoved(place: number, { index, remove, added }: Applied): number {
  if (place <= index) return place;
  return place < index + remove ? index : place - remove + added;
}

if (process.argv[1] === import.meta.filename) {
  const [url = '', token = '', document = 'notes'] = process.argv.slice(2);
  const client = connect({ url, token, application: 'collaborative-editing' });
  const shared = new SharedText(client, document);
  shared.onChange = (text) => console.log(`---\n${text}`);
  // Each line is added at the end.
  for await (const line of createInterface({ input: process.stdin }))
    await shared.edit(shared.text.length, 0, `${line}\n`);
  client.close();
}

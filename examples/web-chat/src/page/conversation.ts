import { ClientError, type Message, type Room } from '@chatplatform/client';
import { make, stroke } from './dom.ts';
import { avatar, type Names } from './people.ts';
import { titleOf } from './rooms.ts';

/** What a message of this page carries. */
export interface Content {
  readonly text: string;
  readonly name: string;
}

/** What a conversation needs from the page. */
export interface ConversationOptions {
  readonly room: Room;
  readonly names: Names;
  /** Who the visitor is. */
  readonly user: string;
  readonly name: string;
  /** Something worth a look happened while the conversation was not in front. */
  readonly onUnread: () => void;
}

/** Milliseconds within which messages of one person stand together. */
const TOGETHER_MS = 5 * 60_000;
/** Pixels from the end within which a reader is taken to be reading along. */
const NEAR_END = 120;
const PAGE = 50;

const CHECK = 'm5 12.500 4.500 4.500L19 7.500';
const CLOCK = 'M12 7v5l3 2M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17';
const CROSS = 'm6 6 12 12M18 6 6 18';

interface Row {
  readonly user: string;
  readonly ts: number;
}

/** The messages of one room: delivered ones in the order of the room, below them what is under way. */
export class Conversation {
  readonly element: HTMLElement;
  readonly #options: ConversationOptions;
  readonly #delivered = make('ol', { class: 'messages', role: 'log', 'aria-live': 'polite' });
  readonly #underWay = make('ol', { class: 'messages-under-way' });
  readonly #empty: HTMLElement;
  readonly #earlier = make('button', { class: 'earlier quiet', type: 'button' }, 'Earlier messages');
  readonly #sending = new Map<string, HTMLElement>();
  #last: Row | undefined;
  #oldest: string | undefined;
  unread = 0;

  constructor(options: ConversationOptions) {
    this.#options = options;
    const title = titleOf(options.room.name);
    this.#delivered.setAttribute('aria-label', `Messages in ${title}`);
    this.#empty = make(
      'p',
      { class: 'empty' },
      make('strong', {}, `This is #${title}`),
      'Nobody has written here yet. Say hello.',
    );
    this.#earlier.hidden = true;
    this.#earlier.addEventListener('click', () => void this.#showEarlier());
    this.element = make(
      'div',
      { class: 'conversation', tabindex: '0' },
      this.#earlier,
      this.#empty,
      this.#delivered,
      this.#underWay,
    );
    this.element.hidden = true;
    this.#listen();
  }

  /** Brings the conversation to the front, or puts it away. */
  show(visible: boolean): void {
    this.element.hidden = !visible;
    if (!visible) return;
    this.unread = 0;
    this.#toEnd();
  }

  /** Sends a text: shown at once, marked when it is stored. */
  send(text: string): void {
    const { room, user, name } = this.#options;
    const publishing = room.publish({ text, name } satisfies Content);
    const row = this.#render({ user, ts: Date.now() }, text, false);
    mark(row, 'sending');
    this.#sending.set(publishing.cid, row);
    this.#underWay.append(row);
    this.#emptyOrNot();
    this.#toEnd();
    publishing.then(
      () => mark(row, 'sent'),
      (error: unknown) => this.#failed(row, publishing.cid, text, error),
    );
  }

  /** A line between the messages that says what happened. */
  note(text: string, kind: 'note' | 'warn'): void {
    const follow = this.#isNearEnd();
    this.#delivered.append(make('li', { class: 'day', 'data-kind': kind }, text));
    this.#last = undefined;
    if (follow) this.#toEnd();
  }

  #listen(): void {
    const { room } = this.#options;
    room.on('message', (message) => this.#take(message));
    room.on('resumed', ({ count }) => {
      if (count > 0) this.note(`Reconnected — ${countOf(count)} caught up`, 'note');
    });
    room.on('continuity', () => this.note('Some messages may be missing here', 'warn'));
    room.on('rejected', ({ cid, error }) => {
      const row = this.#sending.get(cid);
      if (row) mark(row, 'failed', error.message);
    });
    void room.ready.then(
      () => {
        this.#earlier.hidden = this.#oldest === undefined;
      },
      (error: unknown) => this.note(error instanceof Error ? error.message : String(error), 'warn'),
    );
  }

  #take(message: Message): void {
    const { text, name } = contentOf(message.data);
    this.#options.names.learn(message.user, name);
    this.#oldest ??= message.id;
    const follow = this.#isNearEnd();
    this.#separateDays(message.ts);
    const sent = this.#sending.get(message.cid);
    this.#sending.delete(message.cid);
    const row = sent ?? this.#render(message, text, this.#follows(message));
    if (sent) {
      sent.classList.toggle('follows', this.#follows(message));
      mark(sent, 'sent');
    }
    this.#delivered.append(row);
    this.#last = message;
    this.#emptyOrNot();
    if (this.element.hidden && message.user !== this.#options.user) {
      this.unread += 1;
      this.#options.onUnread();
    }
    if (follow) this.#toEnd();
  }

  #render(row: Row, text: string, follows: boolean): HTMLElement {
    const { names, user } = this.#options;
    const own = row.user === user;
    const name = own ? this.#options.name : names.of(row.user);
    const who = make('div', { class: 'who' }, make('strong', {}, name), timeOf(row.ts));
    const body = make('div', { class: 'body' }, who, make('div', { class: 'bubble' }, text));
    if (own) body.append(make('div', { class: 'delivery' }));
    const classes = `message${own ? ' own' : ''}${follows ? ' follows' : ''}`;
    return make('li', { class: classes }, avatar(row.user, name), body);
  }

  #failed(row: HTMLElement, cid: string, text: string, error: unknown): void {
    mark(row, 'failed', error instanceof ClientError ? error.message : 'It could not be sent.');
    const again = make('button', { type: 'button' }, 'Try again');
    again.addEventListener('click', () => {
      row.remove();
      this.#sending.delete(cid);
      this.send(text);
    });
    row.querySelector('.delivery')?.append(again);
  }

  async #showEarlier(): Promise<void> {
    if (this.#oldest === undefined) return;
    this.#earlier.disabled = true;
    try {
      const { messages, more } = await this.#options.room.history({ before: this.#oldest, max: PAGE });
      this.#prepend(messages);
      this.#earlier.hidden = !more;
    } catch (error) {
      this.note(error instanceof Error ? error.message : String(error), 'warn');
    } finally {
      this.#earlier.disabled = false;
    }
  }

  #prepend(messages: readonly Message[]): void {
    const { names } = this.#options;
    let last: Row | undefined;
    const rows = messages.map((message) => {
      const { text, name } = contentOf(message.data);
      names.learn(message.user, name);
      const row = this.#render(message, text, together(last, message));
      if (message.user === this.#options.user) mark(row, 'sent');
      last = message;
      return row;
    });
    const before = this.element.scrollHeight;
    this.#delivered.prepend(...rows);
    this.element.scrollTop += this.element.scrollHeight - before;
    this.#oldest = messages[0]?.id ?? this.#oldest;
  }

  #follows(row: Row): boolean {
    return together(this.#last, row);
  }

  #separateDays(ts: number): void {
    const day = new Date(ts).toDateString();
    if (this.#last !== undefined && new Date(this.#last.ts).toDateString() === day) return;
    if (this.#last === undefined && this.#delivered.childElementCount > 0) return;
    const today = new Date().toDateString() === day;
    const label = today ? 'Today' : new Date(ts).toLocaleDateString(undefined, { dateStyle: 'full' });
    this.#delivered.append(make('li', { class: 'day' }, label));
    this.#last = undefined;
  }

  #emptyOrNot(): void {
    this.#empty.hidden = this.#delivered.childElementCount + this.#underWay.childElementCount > 0;
  }

  #isNearEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  #toEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }
}

/** Marks what became of an own message. */
function mark(row: HTMLElement, state: 'sending' | 'sent' | 'failed', detail = ''): void {
  row.dataset['state'] = state;
  const signs = {
    sending: [CLOCK, 'Sending'],
    sent: [CHECK, 'Stored'],
    failed: [CROSS, `Not sent. ${detail}`],
  } as const;
  const [path, label] = signs[state];
  row.querySelector('.delivery')?.replaceChildren(stroke(path), label);
}

function together(before: Row | undefined, row: Row): boolean {
  return before?.user === row.user && row.ts - before.ts < TOGETHER_MS;
}

/** The content of a message; whatever else a client may have published is shown as its JSON. */
function contentOf(data: unknown): { text: string; name?: unknown } {
  if (typeof data === 'object' && data !== null && 'text' in data && typeof data.text === 'string') {
    return { text: data.text, ...('name' in data && { name: data.name }) };
  }
  return { text: JSON.stringify(data) };
}

function timeOf(ts: number): HTMLElement {
  const date = new Date(ts);
  return make(
    'time',
    { datetime: date.toISOString() },
    date.toLocaleTimeString(undefined, { timeStyle: 'short' }),
  );
}

function countOf(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`;
}

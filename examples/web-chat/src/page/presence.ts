import type { Room } from '@chatplatform/client';
import { find, make } from './dom.ts';
import { avatar, listOf, type Names } from './people.ts';

/**
 * Milliseconds after a change at which the list is asked for. First soon, so that several people who come at
 * once cost one question; then again, because gateways learn of each other within a second or two, and who
 * came through a new one is counted by the others only then.
 */
const ASK_AFTER_MS = [250, 3_000];

/** The list of who is in the room in front, and the line that says who types. */
export class PresenceList {
  readonly #names: Names;
  readonly #user: string;
  readonly #list = find('people-list', HTMLElement);
  readonly #count = find('people-count', HTMLElement);
  readonly #summary = find('room-people', HTMLElement);
  readonly #typing = find('typing', HTMLElement);
  #stop: (() => void)[] = [];
  #timers: ReturnType<typeof setTimeout>[] = [];
  #room: Room | undefined;

  constructor(names: Names, user: string) {
    this.#names = names;
    this.#user = user;
  }

  /** Shows this room from now on. */
  turnTo(room: Room): void {
    for (const stop of this.#stop) stop();
    this.#room = room;
    this.#list.replaceChildren();
    this.#showCount(room.count);
    this.#showTyping();
    this.#stop = [
      room.on('presence', ({ count }) => {
        this.#showCount(count);
        this.#askSoon();
      }),
      room.on('typing', () => this.#showTyping()),
    ];
    void room.ready.then(
      () => this.#askSoon(),
      () => undefined,
    );
  }

  #askSoon(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = ASK_AFTER_MS.map((ms) => setTimeout(() => void this.#ask(), ms));
  }

  async #ask(): Promise<void> {
    const room = this.#room;
    // Refused or gone: the count stays, and the next change asks again.
    const page = await room?.who().catch(() => undefined);
    if (!page || room !== this.#room) return;
    this.#showCount(page.count);
    for (const { user, info } of page.users) this.#names.learn(user, nameIn(info));
    const users = page.users.toSorted((a, b) => this.#names.of(a.user).localeCompare(this.#names.of(b.user)));
    this.#list.replaceChildren(...users.map(({ user, devices }) => this.#person(user, devices)));
    this.#showTyping();
  }

  #person(user: string, devices: number): HTMLElement {
    const name = this.#names.of(user);
    const notes = [user === this.#user ? 'you' : '', devices > 1 ? `${devices} windows` : ''].filter(Boolean);
    const row = make(
      'li',
      { class: 'person', 'data-user': user },
      avatar(user, name),
      make('span', { class: 'name' }, name),
    );
    if (notes.length > 0) row.append(make('small', {}, notes.join(', ')));
    return row;
  }

  #showCount(count: number): void {
    this.#count.textContent = String(count);
    this.#summary.textContent = count === 1 ? '1 person here' : `${count} people here`;
  }

  #showTyping(): void {
    const others = this.#room?.typingUsers.filter((user) => user !== this.#user) ?? [];
    if (others.length === 0) {
      this.#typing.replaceChildren();
      return;
    }
    const names = others.map((user) => this.#names.of(user));
    const dots = make('span', { class: 'dots', 'aria-hidden': 'true' }, make('i'), make('i'), make('i'));
    this.#typing.replaceChildren(dots, `${listOf(names)} ${names.length === 1 ? 'is' : 'are'} typing`);
  }
}

function nameIn(info: unknown): unknown {
  return typeof info === 'object' && info !== null && 'name' in info ? info.name : undefined;
}

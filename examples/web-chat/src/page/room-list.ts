import { find, make } from './dom.ts';
import { roomOf, titleOf } from './rooms.ts';

/** What the list of rooms needs from the page. */
export interface RoomListOptions {
  open(room: string): void;
  unread(room: string): number;
}

/** The list of rooms with what is unread, and the field to open another one. */
export class RoomList {
  readonly #options: RoomListOptions;
  readonly #list = find('room-list', HTMLElement);
  readonly #total = find('unread-total', HTMLElement);

  constructor(options: RoomListOptions) {
    this.#options = options;
    const form = find('room-form', HTMLFormElement);
    const field = find('room-name', HTMLInputElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const room = roomOf(field.value);
      if (room === undefined) return;
      field.value = '';
      options.open(room);
    });
  }

  /** Draws the list. */
  show(rooms: readonly string[], current: string): void {
    const unread = rooms.reduce((sum, room) => sum + this.#options.unread(room), 0);
    this.#total.hidden = unread === 0;
    this.#list.replaceChildren(...rooms.map((room) => make('li', {}, this.#row(room, room === current))));
  }

  #row(room: string, current: boolean): HTMLElement {
    const unread = this.#options.unread(room);
    const row = make('button', {
      class: `room${unread > 0 ? ' unread' : ''}`,
      'aria-current': String(current),
    });
    row.append(make('span', { class: 'name' }, titleOf(room)));
    if (unread > 0)
      row.append(make('span', { class: 'badge', 'aria-label': `${unread} unread` }, String(unread)));
    row.addEventListener('click', () => this.#options.open(room));
    return row;
  }
}

import { connect, type ChatClient, type Room } from '@chatplatform/client';
import { Composer } from './composer.ts';
import { ConnectionSign } from './connection-sign.ts';
import { Conversation } from './conversation.ts';
import { find } from './dom.ts';
import { tokenOf, type Guest } from './guest.ts';
import { avatar, Names } from './people.ts';
import { PresenceList } from './presence.ts';
import { RoomList } from './room-list.ts';
import { rememberedRooms, rememberRooms, roomOf, titleOf } from './rooms.ts';

interface OpenRoom {
  readonly room: Room;
  readonly conversation: Conversation;
}

/** The page of one guest: its connection, its rooms, and which of them is in front. */
export class Page {
  readonly #guest: Guest;
  readonly #client: ChatClient;
  readonly #names = new Names();
  readonly #rooms = new Map<string, OpenRoom>();
  readonly #app = find('app', HTMLElement);
  readonly #title = find('room-title', HTMLElement);
  readonly #conversations = find('conversations', HTMLElement);
  readonly #composer: Composer;
  readonly #presence: PresenceList;
  readonly #list: RoomList;
  #current = '';

  constructor(guest: Guest, url: string) {
    this.#guest = guest;
    this.#names.learn(guest.user, guest.name);
    this.#client = connect({ url, token: () => tokenOf(guest), application: 'commons' });
    new ConnectionSign().follow(this.#client);
    this.#presence = new PresenceList(this.#names, guest.user);
    this.#list = new RoomList({
      open: (room) => this.open(room),
      unread: (room) => this.#rooms.get(room)?.conversation.unread ?? 0,
    });
    this.#composer = new Composer({
      send: (text) => this.#rooms.get(this.#current)?.conversation.send(text),
      typing: (on) => this.#rooms.get(this.#current)?.room.typing(on),
    });
  }

  /** Shows the guest and joins the rooms of the last visit. */
  start(): void {
    // Others see the name from the first moment; without it they see the readable part of the id.
    this.#client.setInfo({ name: this.#guest.name }).catch(() => undefined);
    this.#showGuest();
    this.#listenToPanels();
    for (const room of rememberedRooms()) this.#join(room);
    globalThis.addEventListener('hashchange', () => this.#openAddress());
    this.#openAddress();
  }

  /** Brings a room to the front; joins it first when it is new. */
  open(name: string): void {
    const { conversation, room } = this.#join(name);
    this.#rooms.get(this.#current)?.room.typing(false);
    for (const other of this.#rooms.values())
      if (other.conversation !== conversation) other.conversation.show(false);
    this.#current = name;
    conversation.show(true);
    this.#title.textContent = `#${titleOf(name)}`;
    document.title = `#${titleOf(name)} · Commons`;
    history.replaceState(null, '', `#${titleOf(name)}`);
    this.#composer.turnTo(name, titleOf(name));
    this.#presence.turnTo(room);
    this.#draw();
    this.#app.dataset['panel'] = 'talk';
    // On a phone the keyboard would cover what one came to read.
    if (matchMedia('(pointer: fine)').matches) this.#composer.focus();
  }

  #join(name: string): OpenRoom {
    const known = this.#rooms.get(name);
    if (known) return known;
    const room = this.#client.join(name);
    const { user, name: own } = this.#guest;
    const conversation = new Conversation({
      room,
      names: this.#names,
      user,
      name: own,
      onUnread: () => this.#draw(),
    });
    this.#conversations.append(conversation.element);
    const open = { room, conversation };
    this.#rooms.set(name, open);
    rememberRooms([...this.#rooms.keys()]);
    return open;
  }

  #draw(): void {
    this.#list.show([...this.#rooms.keys()], this.#current);
  }

  #openAddress(): void {
    const [first] = this.#rooms.keys();
    const room = roomOf(decodeURIComponent(location.hash.slice(1))) ?? first;
    if (room !== undefined && room !== this.#current) this.open(room);
  }

  #showGuest(): void {
    find('me-name', HTMLElement).textContent = this.#guest.name;
    find('me-avatar', HTMLElement).replaceWith(avatar(this.#guest.user, this.#guest.name));
  }

  #listenToPanels(): void {
    for (const button of document.querySelectorAll<HTMLElement>('[data-show]')) {
      button.addEventListener('click', () => {
        this.#app.dataset['panel'] = button.dataset['show'] ?? 'talk';
      });
    }
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#app.dataset['panel'] = 'talk';
    });
  }
}

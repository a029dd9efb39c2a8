import type { ChatClient, ClientEvents } from '@chatplatform/client';
import { find } from './dom.ts';

/** Milliseconds that a passing message stays. */
const BANNER_MS = 6_000;

const STATES = {
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  closed: 'Disconnected',
} as const;

/** The sign in the corner that says how the connection is, and the banner that says what happened to it. */
export class ConnectionSign {
  readonly #sign = find('state', HTMLElement);
  readonly #text = find('state-text', HTMLElement);
  readonly #banner = find('banner', HTMLElement);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Shows the state of a client from now on. */
  follow(client: ChatClient): void {
    client.on('state', (event) => this.#state(event));
    client.on('moved', ({ gateway }) => {
      this.#sign.title = `Served by ${gateway}`;
      this.#say('Moved to another gateway without a break', 'note');
    });
    client.on('degraded', ({ parts }) => this.#degraded(parts));
    client.on('error', (error) => {
      if (!error.retryable) this.#say(error.message, 'bad');
    });
  }

  #state({ state, previous, gateway, retryIn }: ClientEvents['state']): void {
    this.#sign.dataset['state'] = state;
    const soon = retryIn === undefined ? '' : ` in ${Math.ceil(retryIn / 1_000)} s`;
    this.#text.textContent = STATES[state] + (state === 'reconnecting' ? soon : '');
    this.#sign.title = gateway === undefined ? '' : `Served by ${gateway}`;
    if (state === 'reconnecting')
      this.#say('Connection lost. What you write is kept and sent later.', 'warn', false);
    else if (state === 'connected' && previous === 'reconnecting') this.#say('Reconnected', 'note');
  }

  #degraded(parts: readonly string[]): void {
    const texts: Record<string, string> = {
      publish: 'messages are kept here and sent later',
      history: 'new messages arrive late',
      presence: 'who is here may be out of date',
    };
    const text = parts.map((part) => texts[part] ?? part).join('; ');
    if (text === '') this.#say('Everything works again', 'note');
    else this.#say(`The platform has trouble: ${text}.`, 'warn', false);
  }

  #say(text: string, kind: 'note' | 'warn' | 'bad', passing = kind === 'note'): void {
    clearTimeout(this.#timer);
    this.#banner.textContent = text;
    this.#banner.dataset['kind'] = kind;
    this.#banner.hidden = false;
    if (passing) this.#timer = setTimeout(() => (this.#banner.hidden = true), BANNER_MS);
  }
}

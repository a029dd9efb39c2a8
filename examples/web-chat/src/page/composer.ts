import { find } from './dom.ts';

/** What the field to write in needs from the page. */
export interface ComposerOptions {
  send(text: string): void;
  typing(on: boolean): void;
}

/** Where messages are written: Enter sends, Shift+Enter breaks the line, a draft is kept per room. */
export class Composer {
  readonly #options: ComposerOptions;
  readonly #form = find('composer', HTMLFormElement);
  readonly #text = find('text', HTMLTextAreaElement);
  readonly #send = find('send', HTMLButtonElement);
  readonly #drafts = new Map<string, string>();
  #room = '';

  constructor(options: ComposerOptions) {
    this.#options = options;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener('keydown', (event) => {
      // While an input method composes, Enter belongs to it.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener('input', () => {
      this.#fit();
      options.typing(this.#text.value.trim() !== '');
    });
    this.#text.addEventListener('blur', () => options.typing(false));
    this.#fit();
  }

  /** Writes into this room from now on. */
  turnTo(room: string, title: string): void {
    this.#drafts.set(this.#room, this.#text.value);
    this.#room = room;
    this.#text.value = this.#drafts.get(room) ?? '';
    this.#text.placeholder = `Message #${title}`;
    this.#fit();
  }

  /** Puts the cursor into the field. */
  focus(): void {
    this.#text.focus();
  }

  #submit(): void {
    const text = this.#text.value.trim();
    if (text === '') return;
    this.#text.value = '';
    this.#fit();
    this.#options.send(text);
    this.#text.focus();
  }

  #fit(): void {
    this.#send.disabled = this.#text.value.trim() === '';
    // Where fields do not grow by themselves.
    if (CSS.supports('field-sizing', 'content')) return;
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}

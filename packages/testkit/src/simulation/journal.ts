/** What happened, in order, as a number: two runs with the same number were the same run. */
export class Journal {
  readonly #keep: boolean;
  readonly #lines: string[] = [];
  #a = 0x811c9dc5;
  #b = 0x01000193;

  /** @param keep whether to keep the lines, for people. */
  constructor(keep: boolean) {
    this.#keep = keep;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** 64 bits in hexadecimal. */
  get hash(): string {
    const hex = (n: number): string => (n >>> 0).toString(16).padStart(8, '0');
    return hex(this.#a) + hex(this.#b);
  }

  note(at: number, what: string, detail: string): void {
    this.#mix(`${at} ${what} `);
    this.#mix(detail);
    if (this.#keep) this.#lines.push(`${at.toFixed(1).padStart(9)} ms  ${what.padEnd(22)} ${detail}`);
  }

  #mix(text: string): void {
    let a = this.#a;
    let b = this.#b;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b + code, 0x5bd1e995) ^ (b >>> 15);
    }
    this.#a = a;
    this.#b = b;
  }
}

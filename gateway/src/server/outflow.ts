/** Longest a UTF-16 unit gets in UTF-8. */
const BYTES_PER_UNIT = 3;
/** Head of a frame and what TLS puts around it, at most. */
const AROUND_FRAME_BYTES = 64;

/**
 * What a server has handed to its sockets so far, a frame for many counted once: no single one of them can have more
 * waiting than this grew by.
 */
export class Outflow {
  #bytes = 0;

  /** An upper bound, so that no text is measured. */
  get bytes(): number {
    return this.#bytes;
  }

  add(frame: string): void {
    this.#bytes += frame.length * BYTES_PER_UNIT + AROUND_FRAME_BYTES;
  }
}

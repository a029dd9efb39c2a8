import type { Dialect, Identity, Speaker } from './dialect.ts';
import { nowUs, scanPayloads } from './payload.ts';
import { RawSocket } from './raw-socket.ts';
import type { Tally } from './tally.ts';

/** What a crowd wants to know of its members. */
export interface MemberEvents {
  onJoined(): void;
  onAcked(count: number): void;
  onRefused(text: string): void;
  onClosed(code: number | undefined): void;
}

/** One connection: joins, counts what it gets, publishes when told to. */
export class Member {
  readonly #speaker: Speaker;
  readonly #dialect: Dialect;
  readonly #socket: RawSocket;
  readonly #events: MemberEvents;
  readonly #got: (seq: number, dueUs: number) => void;
  #frameAtUs = 0;

  /** @param index the member's in `tally`; undefined = deliveries to it are nobody's business */
  constructor(
    dialect: Dialect,
    identity: Identity,
    checked: { tally: Tally; index: number } | undefined,
    events: MemberEvents,
  ) {
    this.#dialect = dialect;
    this.#speaker = dialect.speaker(identity);
    this.#events = events;
    this.#got = (seq, dueUs) => checked?.tally.got(checked.index, seq, this.#frameAtUs - dueUs);
    this.#socket = new RawSocket(this.#speaker.address, {
      onOpen: () => {
        for (const text of this.#speaker.opening()) this.#socket.send(text);
      },
      onFrame: (frame) => this.#frame(frame),
      onClose: (code) => events.onClosed(code),
    });
  }

  publish(room: string, payload: string): void {
    this.#socket.send(this.#speaker.publish(room, payload));
  }

  close(): void {
    this.#socket.close();
  }

  #frame(frame: Buffer): void {
    this.#frameAtUs = nowUs();
    if (scanPayloads(frame, this.#got) > 0) {
      const pong = this.#dialect.pingIn(frame);
      if (pong !== undefined) this.#socket.send(pong);
      return;
    }
    const { answers = [], joined, acked = 0, refused } = this.#speaker.hear(frame.toString());
    for (const answer of answers) this.#socket.send(answer);
    if (joined === true) this.#events.onJoined();
    if (acked > 0) this.#events.onAcked(acked);
    if (refused !== undefined) this.#events.onRefused(refused);
  }
}

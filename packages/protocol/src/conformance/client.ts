import type { OperationInputs, RequestOperation } from '../client-frames.ts';
import {
  ErrorSchema,
  PushSchemas,
  ReplySchemas,
  type MessagePush,
  type PushBodies,
  type ReplyBodies,
} from '../gateway-frames.ts';
import type { ProtocolError } from '../errors.ts';
import { demand, shown } from './nonconformity.ts';
import type { Line, Wire } from './stage.ts';

/** Longest wait for something that must come: far above what a healthy platform needs, also on a busy machine. */
export const PATIENCE_MS = 15_000;

/** A raw client: what the wire says is what a case sees. Everything that comes is held against the schemas. */
export class Client {
  readonly wire: Wire;
  readonly inst: string;
  readonly user: string;
  #next = 1;
  #checked = 0;
  readonly #asked = new Map<number, RequestOperation>();

  constructor(wire: Wire, who: { user: string; inst: string }) {
    this.wire = wire;
    this.user = who.user;
    this.inst = who.inst;
  }

  /** Sends a request and gives back its number. */
  ask<Op extends RequestOperation>(op: Op, body: OperationInputs[Op]): number {
    const i = this.#next;
    this.#next += 1;
    this.#asked.set(i, op);
    this.wire.send(JSON.stringify({ i, [op]: body }));
    return i;
  }

  /** The reply line to request `i`. */
  async answer(i: number, ms = PATIENCE_MS): Promise<Line> {
    return this.until(`a reply to request ${i}`, (line) => line['i'] === i, ms);
  }

  /** Sends a request and resolves with the body of its reply. @throws Nonconformity when it is refused */
  async good<Op extends RequestOperation>(op: Op, body: OperationInputs[Op]): Promise<ReplyBodies[Op]> {
    const line = await this.answer(this.ask(op, body));
    demand(line['err'] === undefined, `${op} was refused: ${shown(line['err'])}`);
    return line[op] as ReplyBodies[Op];
  }

  /** Sends a request that must be refused with `code`. */
  async bad(op: RequestOperation, body: object, code: number, names?: string): Promise<ProtocolError> {
    const line = await this.answer(this.ask(op, body as never));
    const err = line['err'] as ProtocolError | undefined;
    demand(err?.code === code, `${op} must be refused with ${code}, got ${shown(line)}`);
    demand(names === undefined || err.msg.includes(names), `the message must name ${names}: ${err.msg}`);
    return err;
  }

  /** Publishes number `n`. */
  publish(room: string, n: number, data: unknown, more: Partial<OperationInputs['pub']> = {}): number {
    return this.ask('pub', { room, cid: `${this.inst}.${n}`, data, ...more });
  }

  /** The first line, seen already or to come, that matches. @throws Nonconformity after `ms` */
  async until(what: string, matches: (line: Line) => boolean, ms = PATIENCE_MS): Promise<Line> {
    let found: Line | undefined;
    const came = await this.wire.when(() => {
      found ??= this.wire.lines.find(matches);
      return found !== undefined;
    }, ms);
    demand(came && found !== undefined, `${what} did not come within ${ms} ms; ${this.#last()}`);
    return found;
  }

  /** The first push of a kind that matches. */
  async push<Name extends keyof PushBodies>(
    name: Name,
    matches: (body: PushBodies[Name]) => boolean = () => true,
    ms = PATIENCE_MS,
  ): Promise<PushBodies[Name]> {
    const hit = (line: Line): boolean =>
      line[name] !== undefined && isPush(line) && matches(line[name] as never);
    return (await this.until(`a push ${name}`, hit, ms))[name] as PushBodies[Name];
  }

  /** All pushes of a kind so far. */
  pushes<Name extends keyof PushBodies>(name: Name): PushBodies[Name][] {
    return this.wire.lines
      .filter(isPush)
      .flatMap((line) => (line[name] === undefined ? [] : [line[name] as never]));
  }

  /** Messages pushed in a room, as they came. */
  messages(room: string): MessagePush[] {
    return this.pushes('m').filter(({ r }) => r === room);
  }

  /** Waits until `count` messages of the room were pushed. */
  async received(room: string, count: number, ms = PATIENCE_MS): Promise<MessagePush[]> {
    const came = await this.wire.when(() => this.messages(room).length >= count, ms);
    const seen = this.messages(room);
    demand(
      came,
      `${count} messages of ${room} must be pushed within ${ms} ms, got ${seen.length}; ${this.#last()}`,
    );
    return seen;
  }

  /** The close code. @throws Nonconformity when the socket is not closed within `ms` */
  async closed(ms = PATIENCE_MS): Promise<number> {
    await this.wire.when(() => this.wire.closeCode !== undefined, ms);
    const code = this.wire.closeCode;
    demand(code !== undefined, `the socket must be closed within ${ms} ms; ${this.#last()}`);
    return code;
  }

  /** The socket must end with one of these codes, and `bye` must have said the same where it could. */
  async ends(codes: readonly number[], ms = PATIENCE_MS): Promise<void> {
    const code = await this.closed(ms);
    demand(
      codes.includes(code),
      `the socket must be closed with ${codes.join(' or ')}, not ${code}; ${this.#last()}`,
    );
    const bye = this.pushes('bye')[0];
    demand(bye === undefined || bye.code === code, `bye said ${bye?.code}, the close frame ${code}`);
  }

  /** Holds everything that came since the last call against the schemas. */
  check(): void {
    for (const line of this.wire.lines.slice(this.#checked)) this.#conforms(line);
    this.#checked = this.wire.lines.length;
  }

  #conforms(line: Line): void {
    if (line['i'] === undefined) {
      const name = Object.keys(line).find((key) => key in PushSchemas) as keyof PushBodies | undefined;
      demand(name !== undefined, `a push of no known kind: ${shown(line)}`);
      conform(PushSchemas[name].safeParse(line[name]), `push ${name}`, line);
      return;
    }
    if (line['err'] !== undefined) {
      conform(ErrorSchema.safeParse(line['err']), 'error', line);
      return;
    }
    const op = this.#asked.get(Number(line['i']));
    if (op !== undefined) conform(ReplySchemas[op].safeParse(line[op]), `reply to ${op}`, line);
  }

  #last(): string {
    const { lines, closeCode } = this.wire;
    return `closed: ${closeCode ?? 'no'}; last lines: ${shown(lines.slice(-3))}`;
  }
}

function isPush(line: Line): boolean {
  return line['i'] === undefined;
}

function conform(
  result: { success: boolean; error?: { message: string } | undefined },
  what: string,
  line: Line,
): void {
  demand(
    result.success,
    `${what} is not as its schema says: ${shown(result.error?.message)} in ${shown(line)}`,
  );
}

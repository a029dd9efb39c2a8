import {
  encodeRecord,
  errorRow,
  Limits,
  parseCid,
  protocolError,
  senderKey,
  type ProtocolError,
  type Publish,
} from '@chatplatform/protocol';
import { KafkaError, type RecordProducer, type Sign } from '@chatplatform/kafka';
import type { RoomOptions } from '@chatplatform/platform';
import type { Clock } from '@chatplatform/runtime';
import type { MessageSpan, Tracer } from '@chatplatform/telemetry';
import type { TokenBucket } from '../session/token-bucket.ts';
import type { Item, Lane, LanePorts, Outcome } from './lane.ts';
import type { Log } from './log.ts';
import type { RoomRate } from './room-rate.ts';

/** Who publishes. */
interface Author {
  readonly user: string;
  /** The session that is told of a later refusal; a request outside of a connection has none. */
  readonly sid?: string;
}

/** Who publishes over a connection. */
export interface Sender extends Author {
  readonly sid: string;
}

/** What publishing needs from the gateway around it. */
export interface PublisherOptions {
  clock: Clock;
  incarnation: string;
  topic: string;
  producer: RecordProducer;
  tracer: Tracer;
  lane: (ports: LanePorts) => Lane;
  /** Absent where records are not signed. */
  sign?: Sign | undefined;
  /** Undefined until Kafka was reached for the first time. */
  log: () => Log | undefined;
  optionsOf: (room: string) => RoomOptions;
  /** Shared by all connections of the user on this gateway. */
  userRate: (user: string) => TokenBucket;
  roomRate: (room: string) => RoomRate;
  /** Newest number of a sender that workers have seen in a room. */
  lastOf: (room: string, sender: string) => Promise<{ n: number; offset: number } | undefined>;
  onOutcome: (outcome: Outcome, ms: number) => void;
}

/** Lanes kept per client; idle ones beyond it are forgotten, oldest first. A client is in at most 256 rooms. */
const MAX_LANES = 512;

/** What a client waits when the log is away: brokers that restart are back within seconds. */
const LOG_RETRY_MS = 1000;

/** Workers that are not behind have come to a message after some 4 ms, and after 40 on a bad day. */
const COUNTED_WITHIN_MS = 250;
/** Until the first look; doubled for each further one. */
const FIRST_LOOK_MS = 3;

/** Publishes of all clients of a gateway: order per client and room in lanes, durability by the log's acknowledgement. */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** The lanes of one connection. */
  lanes(sender: Sender): Lanes {
    return new Lanes(sender, this.#lane);
  }

  readonly #lane: MakeLane = (sender, room) => {
    const { clock, lane, roomRate, userRate } = this.#options;
    return lane({
      clock,
      // Asked for each time: quiet rates are forgotten, and all who share one must share the next one.
      admit: () => admit(sender.user, userRate(sender.user), roomRate(room)),
      lookUp: (item) => this.#lookUp(sender, item),
      append: (item) => this.#append(sender, item),
    });
  };

  /**
   * One publish that belongs to no connection: nothing is ordered before or behind it, no rate of a user binds it. With
   * `re` it is looked up in the log first. Never rejects.
   */
  async alone(user: string, body: Publish): Promise<Outcome> {
    const cid = parseCid(body.cid);
    if (cid === undefined) return failed(protocolError(107, 'cid: must be <inst>.<n>'));
    const item: Item = { body, inst: cid.inst, n: cid.n, settle: () => undefined };
    const known = body.re === undefined ? undefined : await this.#lookUp({ user }, item);
    return known ?? this.#append({ user }, item);
  }

  /**
   * Like {@link Publisher.alone}, for a `cid` that other gateways may have been asked to publish too, without anybody
   * knowing here: copies may be in the log, and the id is that of the first. Workers tell which it is; what they have not
   * come to within {@link COUNTED_WITHIN_MS} is answered without an id. Never rejects.
   */
  async once(user: string, body: Publish): Promise<Outcome> {
    const outcome = await this.alone(user, body);
    if (!outcome.ok || outcome.dup) return outcome;
    const { id: own, ...rest } = outcome;
    const first = await this.firstCopy(user, body, COUNTED_WITHIN_MS);
    if (first === undefined) return rest;
    return { ...rest, id: first, dup: own !== undefined && own !== first };
  }

  /** The id under which members receive `body`; undefined when workers have not come to it within `ms`. Never rejects. */
  async firstCopy(user: string, body: Publish, ms: number): Promise<string | undefined> {
    const cid = parseCid(body.cid);
    if (cid === undefined) return undefined;
    const { clock } = this.#options;
    const until = clock.monotonic() + ms;
    const item: Item = { body, inst: cid.inst, n: cid.n, settle: () => undefined };
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs *= 2) {
      const found = await this.#lookUp({ user }, item);
      if (found?.ok === true) return found.id;
      if (clock.monotonic() + pauseMs > until) return undefined;
      await clock.sleep(pauseMs);
    }
  }

  async #append(sender: Author, item: Item): Promise<Outcome> {
    const begin = this.#options.clock.monotonic();
    const span = this.#options.tracer.on ? this.#begin(item) : undefined;
    const outcome = await this.#write(sender, item, item.body.tp ?? span?.traceparent);
    if (span !== undefined) end(span, outcome);
    this.#options.onOutcome(outcome, this.#options.clock.monotonic() - begin);
    return outcome;
  }

  async #write(sender: Author, item: Item, tp: string | undefined): Promise<Outcome> {
    const { topic, producer, sign = (record) => record } = this.#options;
    const log = this.#options.log();
    if (log === undefined)
      return failed(protocolError(114, 'the message log was not reached yet', LOG_RETRY_MS));
    try {
      const appended = await producer.append({
        topic,
        partition: log.partitionOf(item.body.room),
        ...sign(this.#record(sender, item.body, tp)),
      });
      // An earlier copy may be in the log: then that one is delivered, and this offset is no id of a message.
      const sure = appended.certain && item.body.re === undefined;
      const id = sure ? { id: log.idOf(appended.partition, appended.offset) } : {};
      return { ok: true, ...id, ts: appended.timestamp, dup: false };
    } catch (error) {
      return failed(refusalOf(error));
    }
  }

  #begin({ body }: Item): MessageSpan | undefined {
    const { tracer, topic } = this.#options;
    return tracer.begin('gateway.publish', {
      parent: body.tp,
      kind: 'producer',
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'publish',
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic,
      },
    });
  }

  #record(sender: Author, body: Publish, tp: string | undefined): ReturnType<typeof encodeRecord> {
    const latest = this.#options.optionsOf(body.room).kind === 'latest';
    return encodeRecord({
      room: body.room,
      cid: body.cid,
      user: sender.user,
      gateway: this.#options.incarnation,
      sid: sender.sid,
      data: body.data,
      k: latest ? body.k : undefined,
      notify: body.notify,
      tp,
      re: body.re,
    });
  }

  /** Resends: is it in the log already? Where that cannot be told it is appended again, and workers drop the copy. */
  async #lookUp(sender: Author, item: Item): Promise<Outcome | undefined> {
    const { body } = item;
    const log = this.#options.log();
    const tooOld = (body.re ?? 0) > Limits.resendWindowMs;
    let last: { n: number; offset: number } | undefined;
    try {
      last = await this.#options.lastOf(body.room, senderKey(sender.user, item.inst));
    } catch {
      return tooOld
        ? failed(protocolError(114, 'it cannot be told now whether this was delivered', LOG_RETRY_MS))
        : undefined;
    }
    if (last === undefined || item.n > last.n) return tooOld ? failed(protocolError(119)) : undefined;
    const known = item.n === last.n && log !== undefined;
    const id = known ? { id: log.idOf(log.partitionOf(body.room), last.offset) } : {};
    return { ok: true, ...id, ts: this.#options.clock.now(), dup: true };
  }
}

type MakeLane = (sender: Sender, room: string) => Lane;

/** The lanes of one connection, by room. Most connections only listen: they have none. */
export class Lanes {
  readonly #sender: Sender;
  readonly #make: MakeLane;
  #lanes: Map<string, Lane> | undefined;
  #pending: Set<Promise<Outcome>> | undefined;
  #closed: ProtocolError | undefined;

  constructor(sender: Sender, make: MakeLane) {
    this.#sender = sender;
    this.#make = make;
  }

  publish(body: Publish): Promise<Outcome> {
    if (this.#closed !== undefined) return Promise.resolve(failed(this.#closed));
    const outcome = this.#of(body.room).publish(body);
    this.#pending ??= new Set();
    this.#pending.add(outcome);
    void outcome.finally(() => this.#pending?.delete(outcome));
    return outcome;
  }

  /** Resolves when every publish so far has its outcome: at the latest at the log's deadline, once closed. */
  async settled(): Promise<void> {
    if (this.#pending !== undefined) await Promise.all(this.#pending);
  }

  /** Refuses everything that was not handed to the log yet. */
  close(err: ProtocolError): void {
    this.#closed ??= err;
    for (const lane of this.#lanes?.values() ?? []) lane.close(err);
  }

  #of(room: string): Lane {
    this.#lanes ??= new Map();
    const known = this.#lanes.get(room);
    if (known !== undefined) return known;
    if (this.#lanes.size >= MAX_LANES) forgetIdle(this.#lanes);
    const fresh = this.#make(this.#sender, room);
    this.#lanes.set(room, fresh);
    return fresh;
  }
}

function forgetIdle(lanes: Map<string, Lane>): void {
  for (const [room, lane] of lanes) {
    if (!lane.idle) continue;
    lanes.delete(room);
    return;
  }
}

/** Who has to wait for the own rate stands in no line of a room meanwhile. */
function admit(user: string, bucket: TokenBucket, room: RoomRate): number {
  const waitMs = bucket.waitMs() || room.waitMs(user);
  if (waitMs > 0) return waitMs;
  bucket.take();
  room.take(user);
  return 0;
}

function refusalOf(error: unknown): ProtocolError {
  if (!(error instanceof KafkaError)) return protocolError(100);
  if (error.code === 'too-large') return protocolError(116);
  if (error.retryable || error.code === 'closed') {
    return protocolError(114, 'the message log takes no messages now', LOG_RETRY_MS);
  }
  return protocolError(100);
}

function end(span: MessageSpan, outcome: Outcome): void {
  if (!outcome.ok) span.end({ failure: errorRow(outcome.err.code)?.name });
  else if (outcome.id === undefined) span.end();
  else span.end({ attributes: { 'messaging.message.id': outcome.id } });
}

function failed(err: ProtocolError): Outcome {
  return { ok: false, err };
}

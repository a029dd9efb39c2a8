import type { OutRecord, RecordProducer } from '@chatplatform/kafka';
import { beginningAt, encodePush, type Position } from '@chatplatform/protocol';
import { renderFrame, type HotRooms, type InboxPublisher } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Tracer } from '@chatplatform/telemetry';
import { deadLetter, type Poison } from '../pipeline/dead-letters.ts';
import type { Service, Span, SpanResult } from '../pipeline/service.ts';
import type { EventTopic } from '../events.ts';
import { beginAppends } from './append-spans.ts';
import type { ChatMetrics } from './chat-metrics.ts';
import { decodeAll, type Admission } from './decode.ts';
import { Mail } from './mail.ts';
import { owed } from './mail-owed.ts';
import { acceptedEvent, rejectedEvent, rejectionOf, rejectionOfPoison, type Rejection } from './outcomes.ts';
import type { AppendedMessage, RoomAppender } from './room-appender.ts';
import type { RoomHeads } from './room-heads.ts';
import { applyRules } from './rules.ts';

export interface ChatDeps extends Admission {
  readonly appender: RoomAppender;
  readonly heads: RoomHeads;
  /** Which rooms are on so many gateways that all of them get what is sent. */
  readonly hot: Pick<HotRooms, 'inboxesOf'>;
  readonly publisher: InboxPublisher;
  readonly producer: RecordProducer;
  readonly events: EventTopic;
  readonly deadLetters: EventTopic;
  readonly clock: Clock;
  readonly metrics: ChatMetrics;
  readonly tracer: Tracer;
}

/**
 * The chat: signatures, decode → rules → one append per room → frames to gateways and outcomes to the event topic.
 * Every step may be repeated; a span is done when all of them are.
 */
export class ChatService implements Service {
  readonly #deps: ChatDeps;

  constructor(deps: ChatDeps) {
    this.#deps = deps;
  }

  async apply(span: Span): Promise<SpanResult> {
    const { messages, poison } = await decodeAll(span.records, this.#deps);
    const { tracer, rules } = this.#deps;
    const end = tracer.on ? beginAppends(tracer, messages, span) : undefined;
    const ruled = await applyRules(rules, messages);
    const appended = await this.#deps.appender.append(
      { partition: keyOf(span.topic, span.partition), beginning: this.#beginningOf(span) },
      ruled.passed,
    );
    if (appended === undefined) return 'behind';
    const bad = [...poison, ...ruled.poison].filter(({ record }) => record.offset >= span.floor);
    const refused = ruled.refused.filter(({ message }) => message.offset >= span.floor);
    const rejections = [...refused.map(rejectionOf), ...bad.flatMap((entry) => this.#rejectionsOf(entry))];
    await Promise.all([
      this.#fanOut(appended, rejections, span.floor),
      this.#report({ appended, rejections, bad }, span),
    ]);
    this.#count(appended, { bad, refused: refused.length }, span.floor);
    end?.();
    return 'done';
  }

  /** What precedes the first message of a room that Redis knows of. */
  #beginningOf({ partition, horizon }: Span): Position {
    return beginningAt(this.#deps.context.epoch, partition, horizon);
  }

  forget(topic: string, partition: number): void {
    this.#deps.heads.forget(keyOf(topic, partition));
  }

  #rejectionsOf(poison: Poison): Rejection[] {
    const rejection = rejectionOfPoison(poison, this.#deps.context.epoch);
    return rejection === undefined ? [] : [rejection];
  }

  async #fanOut(
    appended: readonly AppendedMessage[],
    rejections: readonly Rejection[],
    floor: number,
  ): Promise<void> {
    const mail = new Mail();
    for (const { message, p, routes } of owed(wanted(appended, floor))) {
      const { room, id, options, frame } = message;
      const inboxes = this.#deps.hot.inboxesOf(room, routes);
      if (options.kind === 'latest') mail.add(inboxes, { class: 'v', room, id, p, frame });
      else mail.add(inboxes, { class: 'm', room, id, p, frame: renderFrame(frame, p) });
    }
    for (const { room: r, id, cid, code, msg, gateway, sid } of rejections) {
      if (gateway === undefined || sid === undefined) continue;
      mail.add([gateway], {
        class: 'rj',
        room: r,
        id,
        sid,
        frame: encodePush({ rj: { r, id, cid, code, msg } }),
      });
    }
    this.#deps.metrics.deserted.inc(await mail.send(this.#deps.publisher));
  }

  /** Outcomes and dead letters, each written with acks=all. */
  async #report(
    made: { appended: readonly AppendedMessage[]; rejections: readonly Rejection[]; bad: readonly Poison[] },
    span: Span,
  ): Promise<void> {
    const { events, deadLetters, producer, clock } = this.#deps;
    const records: OutRecord[] = [];
    for (const entry of made.appended) {
      const { verdict, message } = entry;
      const isOutcome =
        message.offset >= span.floor && (verdict.verdict === 'appended' || verdict.verdict === 'present');
      if (isOutcome) records.push(acceptedEvent(entry, events));
    }
    for (const rejection of made.rejections) {
      const event = rejectedEvent(rejection, events);
      if (event !== undefined) records.push(event);
    }
    for (const poison of made.bad) {
      records.push(deadLetter(poison, { ...deadLetters, origin: span.topic, now: clock.now() }));
    }
    await producer.appendAll(records);
  }

  #count(
    appended: readonly AppendedMessage[],
    not: { bad: readonly Poison[]; refused: number },
    floor: number,
  ): void {
    const { metrics, clock } = this.#deps;
    const counts = { appended: 0, present: 0, duplicate: 0, decided: 0 };
    let oldest = Infinity;
    for (const { verdict, message } of appended) {
      counts[verdict.verdict] += 1;
      if (message.offset >= floor) oldest = Math.min(oldest, message.ts);
    }
    for (const [verdict, count] of Object.entries(counts)) metrics.verdicts.inc({ verdict }, count);
    for (const { cause } of not.bad) metrics.poison.inc({ cause });
    metrics.refused.inc(not.refused);
    if (oldest !== Infinity) metrics.behindLog.observe(Math.max(0, clock.now() - oldest) / 1000);
  }
}

/**
 * What gateways are sent: what is new, also where an earlier try had written it; of what is re-applied what was missing,
 * and the newest message of each room. Whoever had the partition before may have ended with payloads that reached nobody,
 * and a gateway that never heard of it does not notice its silence: by that message it sees what it lacks. Where nothing
 * is lacking it is dropped by its id.
 */
function wanted(appended: readonly AppendedMessage[], floor: number): readonly AppendedMessage[] {
  const newest = new Map<string, AppendedMessage>();
  for (const entry of appended) {
    const { message, verdict } = entry;
    if (message.offset < floor && isStored(verdict.verdict)) newest.set(message.room, entry);
  }
  return appended.filter((entry) => {
    const { message, verdict } = entry;
    if (message.offset >= floor) return isStored(verdict.verdict);
    return verdict.verdict === 'appended' || newest.get(message.room) === entry;
  });
}

function isStored(verdict: AppendedMessage['verdict']['verdict']): boolean {
  return verdict === 'appended' || verdict === 'present';
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { OutRecord } from '@chatplatform/kafka';
import { encodeRecord, partitionOf } from '@chatplatform/protocol';
import { nowUs, payloadOf } from '../load/payload.ts';
import { cpuBetween, cpuOf } from '../measure/processes.ts';
import type { PlatformUnderTest } from '../targets/chat-platform.ts';
import { freshRooms } from './room-names.ts';
import { inSession } from './session.ts';
import { interleaved, scaled, verdictOf, type Scenario } from './scenario.ts';

const ROOMS = 100;
const MESSAGES_PER_ROOM = 2000;
/** A tenth of the real thing compiles what is hot. */
const WARM_SHARE = 0.1;
/** Records handed over at once: bounded by the producer's own queue. */
const CHUNK = 2000;
const LAG_POLL_MS = 50;

/** How many messages one core of a worker takes through order, de-duplication, history and routing. */
export const worker: Scenario = {
  name: 'worker',
  about: `${ROOMS * MESSAGES_PER_ROOM} records of 200 bytes written to the log as fast as it takes them, ${ROOMS} rooms with one member each, so that every message is ordered, de-duplicated, kept and routed; messages per CPU second of the worker.`,
  run: (bench) =>
    interleaved(bench, [bench.platform], async (target, round) => {
      const rooms = freshRooms(ROOMS);
      const each = scaled(bench, MESSAGES_PER_ROOM);
      const warm = Math.ceil(each * WARM_SHARE);
      return inSession(target, { rooms: rooms.map((room) => [room]), count: ROOMS }, async (session) => {
        const writer = new Writer(bench.platform, rooms);
        await writer.write(1, warm);
        const before = cpuOf(session.running.pids);
        const began = performance.now();
        await writer.write(warm + 1, warm + each);
        const seconds = (performance.now() - began) / 1000;
        const used = cpuBetween(before, cpuOf(session.running.pids));
        await session.load.owe(rooms, warm + each);
        const report = await session.load.report();
        const messages = each * ROOMS;
        const values = {
          'messages per worker CPU s': messages / (used['worker'] ?? Number.NaN),
          'messages per s': messages / seconds,
          'worker busy share': (used['worker'] ?? 0) / seconds,
          'redis CPU us per message': ((used['redis'] ?? 0) * 1e6) / messages,
        };
        return [{ target: target.name, round, values, verdict: verdictOf(report) }];
      });
    }),
};

/** Writes to the message log as any producer may, and waits until the workers are done. */
class Writer {
  readonly #platform: PlatformUnderTest;
  readonly #rooms: readonly string[];
  readonly #inst = randomBytes(12).toString('hex');

  constructor(platform: PlatformUnderTest, rooms: readonly string[]) {
    this.#platform = platform;
    this.#rooms = rooms;
  }

  async write(from: number, to: number): Promise<void> {
    const producer = this.#platform.kafka.producer();
    let records: OutRecord[] = [];
    for (let number = from; number <= to; number += 1) {
      for (const room of this.#rooms) records.push(this.#record(room, number));
      if (records.length < CHUNK) continue;
      await producer.appendAll(records);
      records = [];
    }
    await producer.appendAll(records);
    await producer.close();
    await this.#caughtUp();
  }

  #record(room: string, number: number): OutRecord {
    const { names, partitions } = this.#platform;
    const record = encodeRecord({
      room,
      cid: `${this.#inst}.${number}`,
      user: 'writer',
      data: payloadOf(number, nowUs()),
    });
    return { topic: names.topics.messages, partition: partitionOf(room, partitions), ...record };
  }

  async #caughtUp(): Promise<void> {
    const { kafka, names } = this.#platform;
    for (;;) {
      const lags = await kafka.admin().groupLag(names.groups.chat, names.topics.messages);
      if (lags.every(({ lag }) => lag === 0)) return;
      await setTimeout(LAG_POLL_MS);
    }
  }
}

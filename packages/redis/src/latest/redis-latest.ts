import { BEGINNING, UNKNOWN_PREVIOUS } from '@chatplatform/protocol';
import type { Connection } from '../connection/connection.ts';
import { Script } from '../connection/script.ts';
import { joinRuns, readAppendReply } from '../history/append-reply.ts';
import type { AppendResult } from '../history/history.ts';
import { WATERMARK_KEEP_MS } from '../history/redis-history.ts';
import { splitByDay, type Run } from '../history/runs.ts';
import { LogKeys, type Keys } from '../keys.ts';
import { latestLatest, latestRestore } from '../lua/scripts.generated.ts';
import {
  DEFAULT_LATEST_LIMITS,
  type Latest,
  type LatestEntry,
  type LatestMessage,
  type LatestPage,
  type LatestRequest,
  type RestoreRequest,
} from './latest.ts';

const APPEND = new Script(latestLatest);
const RESTORE = new Script(latestRestore);
const ID_WIDTH = 20;
const DELETED = '-';

/** Everything a room holds, ascending by id. */
interface Marked extends Omit<LatestPage, 'entries'> {
  readonly marked: { entry: LatestEntry; deleted: boolean }[];
}

/** {@link Latest} in Redis. */
export class RedisLatest implements Latest {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #logKeys: LogKeys;
  readonly #epoch: string;

  constructor(options: { connection: Connection; keys: Keys; prefix: string; epoch: string }) {
    this.#connection = options.connection;
    this.#keys = options.keys;
    this.#logKeys = new LogKeys(options.prefix, options.epoch);
    this.#epoch = options.epoch;
  }

  async append(request: LatestRequest): Promise<AppendResult> {
    const runs = splitByDay(this.#epoch, request.messages);
    return joinRuns(runs, (run) => this.#appendRun(request, run));
  }

  async #appendRun(request: LatestRequest, run: Run<LatestMessage>): Promise<AppendResult> {
    const { room, rememberedHead, limits = DEFAULT_LATEST_LIMITS } = request;
    const keys = [
      this.#logKeys.latest(room),
      this.#logKeys.head(room),
      this.#keys.routes(room),
      this.#logKeys.latestBytes(room),
      ...this.#logKeys.watermarks(room, run.days),
    ];
    const remembered = rememberedHead?.startsWith(this.#epoch) ? rememberedHead : BEGINNING;
    const first = request.firstPrevious ?? UNKNOWN_PREVIOUS;
    const args: (string | number)[] = [remembered, limits.keys, limits.bytes, WATERMARK_KEEP_MS, first];
    for (const m of run.messages)
      args.push(m.id, m.offset, m.inst, m.n, m.k, m.deleted ? DELETED : '+', m.frame);
    return readAppendReply(await APPEND.run(this.#connection, keys, args), run.messages);
  }

  async restore({ room, values, limits = DEFAULT_LATEST_LIMITS }: RestoreRequest): Promise<void> {
    const keys = [this.#logKeys.latest(room), this.#logKeys.latestBytes(room)];
    const args: (string | number)[] = [limits.keys, limits.bytes];
    for (const { id, k, deleted, frame } of values) args.push(id, k, deleted ? DELETED : '+', frame);
    await RESTORE.run(this.#connection, keys, args);
  }

  async all(room: string): Promise<LatestPage> {
    const { marked, ...at } = await this.#read(room);
    return { entries: marked.filter(({ deleted }) => !deleted).map(({ entry }) => entry), ...at };
  }

  async changes(room: string, from: string): Promise<LatestPage> {
    const { marked, ...at } = await this.#read(room);
    return { entries: marked.map(({ entry }) => entry).filter(({ id }) => id > from), ...at };
  }

  async #read(room: string): Promise<Marked> {
    const [head, values] = await this.#connection.run((client) =>
      Promise.all([client.get(this.#logKeys.head(room)), client.hgetall(this.#logKeys.latest(room))]),
    );
    const marked = Object.entries(values)
      .map(([k, value]) => ({
        entry: { id: value.slice(0, ID_WIDTH), k, frame: value.slice(ID_WIDTH + 1) },
        deleted: value[ID_WIDTH] === DELETED,
      }))
      .sort((a, b) => (a.entry.id < b.entry.id ? -1 : 1));
    const newest = marked.at(-1)?.entry.id ?? BEGINNING;
    if (head === null) return { marked, head: BEGINNING, newest };
    // The two are read one after the other: what was written in between is in the values only.
    return { marked, head: head < newest ? newest : head, newest };
  }
}

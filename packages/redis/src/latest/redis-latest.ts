import { BEGINNING } from '@chatplatform/protocol';
import type { Connection } from '../connection/connection.ts';
import { Script } from '../connection/script.ts';
import { joinRuns, readAppendReply } from '../history/append-reply.ts';
import type { AppendResult } from '../history/history.ts';
import { WATERMARK_KEEP_MS } from '../history/redis-history.ts';
import { splitByDay, type Run } from '../history/runs.ts';
import { LogKeys, type Keys } from '../keys.ts';
import { latestLatest } from '../lua/scripts.generated.ts';
import {
  DEFAULT_LATEST_LIMITS,
  type Latest,
  type LatestEntry,
  type LatestMessage,
  type LatestRequest,
} from './latest.ts';

const APPEND = new Script(latestLatest);
const ID_WIDTH = 20;
const DELETED = '-';

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
    const args: (string | number)[] = [remembered, limits.keys, limits.bytes, WATERMARK_KEEP_MS];
    for (const m of run.messages)
      args.push(m.id, m.offset, m.inst, m.n, m.k, m.deleted ? DELETED : '+', m.frame);
    return readAppendReply(await APPEND.run(this.#connection, keys, args), run.messages);
  }

  async all(room: string): Promise<{ entries: LatestEntry[]; head: string }> {
    const [head, values] = await this.#connection.run((client) =>
      Promise.all([client.get(this.#logKeys.head(room)), client.hgetall(this.#logKeys.latest(room))]),
    );
    const entries = Object.entries(values)
      .filter(([, value]) => value[ID_WIDTH] !== DELETED)
      .map(([k, value]) => ({ id: value.slice(0, ID_WIDTH), k, frame: value.slice(ID_WIDTH + 1) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const newest = entries.at(-1)?.id ?? BEGINNING;
    return { entries, head: head === null || head < newest ? newest : head };
  }
}

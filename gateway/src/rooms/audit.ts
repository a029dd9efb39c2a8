import { BEGINNING } from '@chatplatform/protocol';
import type { Routes } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { HistorySource } from './history.ts';
import type { LocalRooms } from './local-rooms.ts';

/** What an audit needs. */
export interface AuditOptions {
  incarnation: string;
  rooms: LocalRooms;
  routes: Pick<Routes, 'missing'>;
  history: Pick<HistorySource, 'heads'>;
  clock: Clock;
  /** Told how many routes were not there. */
  onMissing: (count: number) => void;
  onError: (error: unknown) => void;
}

/** Every local room's route and head are looked at this often, whatever happened: the net below all other nets. */
export const AUDIT_MS = 60_000;
/** Time over which one audit is spread: done before the next one, and ten thousand rooms hold up no delivery. */
const SPREAD_MS = 40_000;
/** Rooms per call: one pipeline that Redis answers within a millisecond or two. */
const CHUNK = 200;

/**
 * Looks whether the routes of this gateway are there and whether it has delivered everything. What is as it should be
 * costs reads only: writing ten thousand routes a minute would load every replica.
 */
export class Audit {
  readonly #options: AuditOptions;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** One audit of all rooms. Never rejects: what could not be looked at now is looked at by the next one. */
  async run(): Promise<void> {
    const { rooms, clock, onError } = this.#options;
    const names = rooms.names();
    const pauseMs = SPREAD_MS / Math.ceil(names.length / CHUNK);
    for (let from = 0; from < names.length; from += CHUNK) {
      if (from > 0) await clock.sleep(pauseMs);
      try {
        await this.#look(names.slice(from, from + CHUNK));
      } catch (error) {
        onError(error);
        return;
      }
    }
  }

  /** Routes come before heads: what is appended after the head was read finds the route. */
  async #look(names: readonly string[]): Promise<void> {
    const { rooms, routes, history, incarnation, onMissing } = this.#options;
    const missing = await routes.missing(names, incarnation);
    await Promise.all(missing.map((room) => rooms.reassert(room)));
    if (missing.length > 0) onMissing(missing.length);
    const heads = await history.heads(names);
    for (const [index, name] of names.entries()) rooms.get(name)?.compareHead(heads[index] ?? BEGINNING);
  }
}

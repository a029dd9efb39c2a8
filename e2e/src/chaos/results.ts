import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../harness/run.ts';
import { FAULTS } from './faults/index.ts';

/** What one run of one fault came to. */
export interface Outcome {
  readonly fault: string;
  readonly seed: number;
  /** Clients that talk. */
  readonly clients: number;
  /** All clients. */
  readonly connected: number;
  /** Acknowledged messages. */
  readonly messages: number;
  readonly deliveries: number;
  readonly clean: boolean;
  /** How often each promise was broken. */
  readonly wrong: Readonly<Record<string, number>>;
  /** What the platform did not do beside the checker's verdict. */
  readonly trouble?: string;
  /** Longest time from a publish to its delivery to a member. */
  readonly stallMs: number;
  readonly p50Ms: number;
  /** Lost connections of the clients that talk. */
  readonly reconnects: number;
}

const RUNS = join(root, 'e2e', 'results', 'chaos.jsonl');
const TABLE = join(root, 'docs', 'chaos.md');

/** All outcomes so far, the newest of each fault, seed and size. */
export function readOutcomes(): Outcome[] {
  const text = existsSync(RUNS) ? readFileSync(RUNS, 'utf8') : '';
  const newest = new Map<string, Outcome>();
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const outcome = JSON.parse(line) as Outcome;
    newest.set(`${outcome.fault} ${outcome.seed} ${outcome.clients}`, outcome);
  }
  return [...newest.values()];
}

/**
 * Keeps an outcome and writes the table anew. A later run of the same fault, seed and size replaces it. Synchronous:
 * lanes that end together must not write over each other.
 */
export function keepOutcome(outcome: Outcome): void {
  mkdirSync(dirname(RUNS), { recursive: true });
  appendFileSync(RUNS, `${JSON.stringify(outcome)}\n`);
  writeFileSync(TABLE, chaosTable(readOutcomes()));
}

/** The page with the results: for each fault the largest number of clients it was run with. */
export function chaosTable(outcomes: readonly Outcome[]): string {
  const rows = FAULTS.flatMap(({ name, title }) => {
    const all = outcomes.filter(({ fault }) => fault === name);
    const size = Math.max(...all.map(({ clients }) => clients));
    const runs = all.filter(({ clients }) => clients === size);
    return runs.length === 0 ? [] : [row(name, title, runs)];
  });
  return [
    '# The fault matrix',
    '',
    'Written by `make chaos`. For each fault Kafka, Redis, gateways and workers are started as processes of their own, and',
    'a crowd connects. Each seed is a round on them: the crowd joins rooms (about twenty members each) and talks, the fault',
    'happens, and talk goes on for some seconds after it. The checker judges the round: no acknowledged message lost,',
    'doubled or reordered for a member of a room, none failed, nobody told of a hole in its history. While a store is away',
    'publishes wait in the outboxes of the clients, so there too none may fail.',
    '`make chaos FAULT=name SEEDS=n..n` repeats a round, on a platform of its own.',
    '',
    'The longest stall is from a publish to its last delivery, and includes the time in which sender or member had no',
    'connection. Reconnects are those of the clients that talk.',
    '',
    '| fault | `FAULT=` | seeds | clients | messages | deliveries | verdict | median | longest stall | reconnects |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function row(name: string, title: string, runs: readonly Outcome[]): string {
  const sum = (of: (outcome: Outcome) => number): string =>
    String(runs.reduce((total, outcome) => total + of(outcome), 0));
  const most = (of: (outcome: Outcome) => number): number => Math.max(...runs.map(of));
  const talking = most(({ clients }) => clients);
  const connected = most((outcome) => outcome.connected);
  const cells = [
    title,
    `\`${name}\``,
    runs.length,
    connected > talking ? `${connected} (${talking} talk)` : talking,
    sum(({ messages }) => messages),
    sum(({ deliveries }) => deliveries),
    verdictOf(runs),
    `${most(({ p50Ms }) => p50Ms)} ms`,
    `${(most(({ stallMs }) => stallMs) / 1000).toFixed(1)} s`,
    sum(({ reconnects }) => reconnects),
  ];
  return `| ${cells.join(' | ')} |`;
}

function verdictOf(runs: readonly Outcome[]): string {
  const bad = runs.filter(({ clean }) => !clean);
  if (bad.length === 0) return 'clean';
  return bad.map((outcome) => `**seed ${outcome.seed}: ${whatIsWrong(outcome)}**`).join('; ');
}

/** In a few words what was not clean. */
export function whatIsWrong({ wrong, trouble }: Outcome): string {
  const broken = Object.entries(wrong).map(([kind, count]) => `${kind} ${count}`);
  return [...broken, ...(trouble === undefined ? [] : [trouble])].join(', ');
}

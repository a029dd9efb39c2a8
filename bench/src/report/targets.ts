import { SATURATED } from '../scenarios/scenario.ts';
import type { Result } from './results.ts';
import type { SummaryRow } from './summary.ts';

/** Results by scenario, as far as there are any. */
export type Results = Readonly<Record<string, Result | undefined>>;

/** A figure that the project has promised, and where it is measured. */
export interface Goal {
  /** Also the name of its cause, when it is missed. */
  readonly id: string;
  readonly what: string;
  readonly scenario: string;
  /** Row of the result that it is about. */
  readonly row: string;
  readonly value: string;
  /** In words. */
  readonly limit: string;
  /** The row that it is compared with; the ratio is what counts then. */
  readonly peer?: string;
  readonly most?: number;
  readonly least?: number;
}

const OWN = 'ChatPlatform';
const UWS = 'raw uWS';
const CENTRIFUGO = 'Centrifugo';
const CENTRIFUGO_DURABLE = 'Centrifugo, Kafka and Redis';
const SOCKET_IO = 'Socket.IO';
/** Reconnects a second that the platform allows by default, and how much more may be seen in one second. */
const BUDGET = 500;
const OVER_BUDGET = 1.2;

const EDGE = 'edge CPU s per million';
const SINGLE = ', single';
const BURSTS = ', bursts of 8';

function fanOut(kind: string, peer: string, most: number, id: string): Goal {
  return {
    id,
    what: `gateway CPU per million deliveries, 1 to 1 000${kind}`,
    scenario: 'fan-out',
    row: OWN + kind,
    value: EDGE,
    limit: `at most ${most} x ${peer}`,
    peer: peer + kind,
    most,
  };
}

function latency(value: string, mostMs: number, id: string): Goal[] {
  const goal = {
    what: `durable publish to delivery, 2 gateways, 100/s, ${value}`,
    scenario: 'latency',
    row: OWN,
    value,
  };
  return [
    { ...goal, id, limit: `at most ${mostMs} ms`, most: mostMs },
    {
      ...goal,
      id: `${id}-centrifugo`,
      limit: `not slower than ${CENTRIFUGO_DURABLE}`,
      peer: CENTRIFUGO_DURABLE,
      most: 1,
    },
  ];
}

/** Every promise that a benchmark can keep or break, in the order of the page. */
export const GOALS: readonly Goal[] = [
  {
    id: 'idle-memory',
    what: 'memory per idle connection, 2 rooms, 10 000 connections',
    scenario: 'idle',
    row: OWN,
    value: 'KB per connection',
    limit: 'at most 4 KB',
    most: 4,
  },
  {
    id: 'connect',
    what: 'gateway CPU per authenticated connect with 2 joins',
    scenario: 'idle',
    row: OWN,
    value: 'edge CPU ms per connect',
    limit: `at most 2 x ${UWS}`,
    peer: UWS,
    most: 2,
  },
  fanOut(SINGLE, UWS, 1.1, 'single'),
  fanOut(SINGLE, CENTRIFUGO, 0.6, 'single-centrifugo'),
  fanOut(SINGLE, SOCKET_IO, 0.6, 'single-socket-io'),
  fanOut(BURSTS, UWS, 1, 'bursts'),
  {
    id: 'saturation',
    what: 'deliveries per second and core at p99 of at most 50 ms, 1 to 1 000, single messages',
    scenario: 'saturation',
    row: OWN,
    value: 'deliveries per edge CPU s',
    limit: `at least 3 x ${UWS}`,
    peer: UWS,
    least: 3,
  },
  {
    id: 'rooms',
    what: 'CPU of the whole path per million deliveries, 100 rooms of 10, 2 000 publishes/s',
    scenario: 'rooms',
    row: OWN,
    value: 'all CPU s per million',
    limit: `at most 0.7 x ${CENTRIFUGO_DURABLE}`,
    peer: CENTRIFUGO_DURABLE,
    most: 0.7,
  },
  ...latency('p50 ms', 4, 'latency-p50'),
  ...latency('p99 ms', 15, 'latency-p99'),
  {
    id: 'worker',
    what: 'messages per second and core of a worker',
    scenario: 'worker',
    row: OWN,
    value: 'messages per worker CPU s',
    limit: 'at least 20 000',
    least: 20_000,
  },
  {
    id: 'drain-moves',
    what: 'drain of 10 000: moves of the client that moved most; nothing lost, doubled or out of order',
    scenario: 'drain',
    row: OWN,
    value: 'most moves of a client',
    limit: 'exactly 1',
    most: 1,
    least: 1,
  },
  {
    id: 'drain-budget',
    what: 'drain of 10 000: reconnects in the busiest second',
    scenario: 'drain',
    row: OWN,
    value: 'peak reconnects per s',
    limit: `at most ${OVER_BUDGET} x the budget of ${BUDGET}`,
    most: BUDGET * OVER_BUDGET,
  },
  {
    id: 'storm',
    what: 'gateway with 10 000 killed: clients that are back; nothing lost, doubled or out of order',
    scenario: 'storm',
    row: OWN,
    value: 'clients',
    limit: 'all 10 000',
    least: 10_000,
  },
];

/** What came of a goal. */
export interface Outcome {
  readonly goal: Goal;
  readonly measured: number | undefined;
  readonly ofPeer: number | undefined;
  readonly ratio: number | undefined;
  /** undefined = not measured, so nothing is claimed. */
  readonly reached: boolean | undefined;
  /** Why a figure is no result, or less than one. */
  readonly doubts: readonly string[];
}

/** Judges every goal by the results there are. A row that was not clean reaches nothing. */
export function outcomes(results: Results): Outcome[] {
  return GOALS.map((goal) => outcomeOf(goal, results[goal.scenario]));
}

function outcomeOf(goal: Goal, result: Result | undefined): Outcome {
  const row = (name: string | undefined): SummaryRow | undefined =>
    result?.summary.find(({ target }) => target === name);
  const own = row(goal.row);
  const peer = row(goal.peer);
  const measured = own?.values[goal.value];
  const ofPeer = peer?.values[goal.value];
  const ratio = measured === undefined || ofPeer === undefined ? undefined : measured / ofPeer;
  const judged = goal.peer === undefined ? measured : ratio;
  const clean = own?.verdicts.every((verdict) => verdict.startsWith('clean')) === true;
  return {
    goal,
    measured,
    ofPeer,
    ratio,
    reached: judged === undefined ? undefined : clean && isWithin(judged, goal),
    doubts: [own, peer].flatMap((summary) => (summary === undefined ? [] : doubtsOf(summary))),
  };
}

function doubtsOf({ target, verdicts }: SummaryRow): string[] {
  return ['NOT CLEAN', SATURATED]
    .filter((doubt) => verdicts.some((verdict) => verdict.includes(doubt)))
    .map((doubt) => `${target}: ${doubt}`);
}

function isWithin(
  value: number,
  { most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY }: Goal,
): boolean {
  return value <= most && value >= least;
}

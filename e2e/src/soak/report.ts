import { BOUNDS, type ProgramVerdict } from './verdict.ts';

/** What went over the platform in all rounds. */
export interface SoakTraffic {
  readonly minutes: number;
  readonly rounds: number;
  /** Clients of one round; each round has new ones, in new rooms. */
  readonly clients: number;
  messages: number;
  deliveries: number;
}

const MB = 2 ** 20;

/** The page with the results of a soak. */
export function soakReport(traffic: SoakTraffic, programs: readonly ProgramVerdict[]): string {
  const { minutes, rounds, clients, messages, deliveries } = traffic;
  return [
    '# The soak',
    '',
    'Written by `make soak`. Rounds of traffic follow each other: new clients connect, join new rooms, talk, and go;',
    'the checker judges each round. Between the rounds, when nobody is connected, every program is measured. The first',
    'third of the measurements does not count: code is compiled and caches fill.',
    '',
    `${minutes} minutes, ${rounds} rounds of ${clients} clients, ${messages} messages, ${deliveries} deliveries.`,
    '',
    '| program | RSS mean | RSS slope (least squares) | heap slope | open files | handles | event loop p99 | verdict |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...programs.map(row),
    '',
    `Bounds: RSS rises by at most ${BOUNDS.rssGrowth * 100} % of its mean over the measured time, at most ${BOUNDS.files} more open`,
    `files and sockets, at most ${BOUNDS.resources} more handles (by the line through all samples), and no warning of Node about listeners.`,
    '',
  ].join('\n');
}

function row(program: ProgramVerdict): string {
  const cells = [
    program.name,
    `${(program.rss / MB).toFixed(0)} MB`,
    slope(program.rssSlope),
    slope(program.heapSlope),
    program.files.join(' → '),
    program.resources.join(' → '),
    `${program.lagMs.toFixed(0)} ms`,
    program.faults.length === 0 ? 'flat' : `**${program.faults.join(', ')}**`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function slope(bytesPerMinute: number): string {
  return `${((bytesPerMinute * 60) / MB).toFixed(1)} MB/h`;
}

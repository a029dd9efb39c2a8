import { causesIn } from './causes.ts';
import { overview } from './overview.ts';
import type { Result } from './results.ts';
import { GOALS, outcomes } from './targets.ts';

type Rows = Readonly<Record<string, Readonly<Record<string, number>>>>;

function result(scenario: string, rows: Rows, verdict = 'clean (1 published, 1 delivered)'): Result {
  return {
    scenario,
    about: '',
    command: '',
    date: '2026-01-01',
    machine: 'a machine',
    versions: { Node: 'v22' },
    rounds: 3,
    samples: [],
    summary: Object.entries(rows).map(([target, values]) => ({ target, values, verdicts: [verdict] })),
  };
}

const idle = (own: number, verdict?: string): Result =>
  result(
    'idle',
    { ChatPlatform: { 'KB per connection': own }, 'raw uWS': { 'KB per connection': 2 } },
    verdict,
  );
const reached = (id: string, results: Parameters<typeof outcomes>[0]): boolean | undefined =>
  outcomes(results).find(({ goal }) => goal.id === id)?.reached;

describe('goals', () => {
  test('an absolute limit is held or not; what was not clean reaches nothing', () => {
    expect(reached('idle-memory', { idle: idle(4) })).toBe(true);
    expect(reached('idle-memory', { idle: idle(4.1) })).toBe(false);
    expect(reached('idle-memory', { idle: idle(3, 'NOT CLEAN: 1 lost') })).toBe(false);
    expect(reached('idle-memory', {})).toBeUndefined();
  });

  test('a ratio needs its peer', () => {
    const own = { 'ChatPlatform, single': { 'edge CPU s per million': 10 } };
    const limit = { 'raw uWS, single': { 'edge CPU s per million': 9.2 } };
    expect(reached('single', { 'fan-out': result('fan-out', { ...own, ...limit }) })).toBe(true);
    expect(reached('single', { 'fan-out': result('fan-out', own) })).toBeUndefined();
  });

  test('names are unique: a cause belongs to one', () => {
    expect(new Set(GOALS.map(({ id }) => id)).size).toBe(GOALS.length);
  });
});

describe('the page', () => {
  const causes = causesIn('# Why\n\nHow to.\n\n## idle-memory\nbuffers of\nthe sockets\n\n## single\n');

  test('a cause stands only where the goal is missed', () => {
    expect(overview({ idle: idle(5) }, causes)).toContain('| 5 KB |  |  | **no** | buffers of the sockets |');
    expect(overview({ idle: idle(3) }, causes)).not.toContain('buffers of the sockets');
    expect(overview({ idle: idle(5) }, {})).toContain('no cause known yet (`idle-memory` in causes.md)');
  });

  test('a figure that the load generator made is marked', () => {
    const doubtful = idle(3, 'clean (1 in), load generator saturated');
    expect(overview({ idle: doubtful }, causes)).toContain(
      '| yes | ChatPlatform: load generator saturated |',
    );
  });
});

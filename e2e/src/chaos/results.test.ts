import { chaosTable, whatIsWrong, type Outcome } from './results.ts';

const clean: Outcome = {
  fault: 'gateway-kill',
  seed: 1,
  clients: 1000,
  connected: 1000,
  messages: 6000,
  deliveries: 120_000,
  clean: true,
  wrong: {},
  stallMs: 2340,
  p50Ms: 12,
  reconnects: 500,
};

function rowOf(table: string, fault: string): string {
  return table.split('\n').find((line) => line.includes(`\`${fault}\``)) ?? '';
}

test('seeds of a fault are one row: messages and reconnects added up, the longest stall', () => {
  const table = chaosTable([clean, { ...clean, seed: 2, stallMs: 4100, reconnects: 480 }]);
  expect(rowOf(table, 'gateway-kill')).toMatch(
    /\| 2 \| 1000 \| 12000 \| 240000 \| clean \| 12 ms \| 4.1 s \| 980 \|$/,
  );
  expect(rowOf(table, 'worker-kill')).toBe('');
});

test('only the largest size counts', () => {
  const table = chaosTable([{ ...clean, clients: 100, stallMs: 99_000 }, clean]);
  expect(rowOf(table, 'gateway-kill')).toContain('| 1 | 1000 | 6000 | 120000 | clean | 12 ms | 2.3 s |');
});

test('one seed that is not clean is named, with what was wrong', () => {
  const lost: Outcome = {
    ...clean,
    seed: 7,
    clean: false,
    wrong: { lost: 3, unsettled: 1 },
    trouble: 'late',
  };
  expect(whatIsWrong(lost)).toBe('lost 3, unsettled 1, late');
  expect(rowOf(chaosTable([clean, lost]), 'gateway-kill')).toContain('**seed 7: lost 3, unsettled 1, late**');
});

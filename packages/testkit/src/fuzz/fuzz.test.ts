import { jest } from '@jest/globals';
import { readCorpus } from './corpus.ts';
import { fuzz } from './fuzz.ts';
import { mutateText, shrinkText } from './noise.ts';
import { promise, type FuzzTarget } from './target.ts';
import { fuzzTargets } from './targets.ts';

/** Twenty thousand inputs on a machine that may be busy with other tests. */
jest.setTimeout(120_000);

const INPUTS = 20_000;

test.each(Object.keys(fuzzTargets))('%s keep their promises, whatever comes', (name) => {
  const target = fuzzTargets[name] as FuzzTarget<unknown>;
  const corpus = readCorpus(name);
  expect(corpus.length).toBeGreaterThan(0);
  const { crash, inputs, ways } = fuzz(target, { inputs: INPUTS, seed: 20_000, corpus });
  expect(crash).toBeUndefined();
  expect(inputs).toBeGreaterThanOrEqual(INPUTS);
  expect(ways).toBeGreaterThanOrEqual(3);
});

describe('the fuzzer itself', () => {
  const strict: FuzzTarget<string> = {
    name: 'strict',
    generate: (random) => random.id(8),
    mutate: mutateText,
    shrink: shrinkText,
    check: (text) => {
      promise(!/q.*z/.test(text), 'q before z');
      return text.slice(0, 1);
    },
  };

  test('finds a broken promise, and makes what breaks it small', () => {
    const { crash } = fuzz(strict, { inputs: INPUTS, seed: 1, corpus: [] });
    expect(crash).toMatchObject({ input: 'qz', error: { message: 'q before z' } });
  });

  test('gives the same run for the same seed', () => {
    const run = (seed: number) =>
      fuzz({ ...strict, check: (text) => text.slice(0, 2) }, { inputs: 2000, seed, corpus: [] });
    expect(run(7).corpus).toEqual(run(7).corpus);
    expect(run(7).corpus).not.toEqual(run(8).corpus);
  });

  test('calls an input that takes too long a crash', () => {
    const slow = (text: string): string => {
      const until = performance.now() + (text.includes('a') ? 1100 : 0);
      while (performance.now() < until);
      return '';
    };
    const { crash } = fuzz(
      { ...strict, shrink: () => [], check: slow },
      { inputs: 100, seed: 1, corpus: [] },
    );
    expect(crash?.error.message).toMatch(/^an input took \d{4} ms$/);
  });
});

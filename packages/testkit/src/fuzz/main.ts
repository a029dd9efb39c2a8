// tools/fuzz: see USAGE.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readCorpus, writeCorpus } from './corpus.ts';
import { fuzz, minimised, type FuzzProgress } from './fuzz.ts';
import { fuzzTargets } from './targets.ts';

const USAGE = `fuzz --target NAME [--inputs N] [--seed S] [--save]

Feeds what reads the input of strangers with inputs made from a seed, and checks what it promises. Exit code 0: every
promise held; 1: one did not, and the input is in ./fuzz-NAME-SEED.json (run it again with --input).

  --target NAME  ${Object.keys(fuzzTargets).join(', ')}
  --inputs N     how many (default 1000000)
  --seed S       which ones (default 1)
  --save         keep the smallest input of each way the reader went in the corpus
  --input FILE   only this input, as JSON
`;

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
    input: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function line({ inputs, ways, seconds, slowestMs }: FuzzProgress): string {
  const rate = Math.round(inputs / Math.max(seconds, 0.1));
  return `${inputs} inputs, ${ways} ways, ${seconds} s (${rate}/s), slowest ${slowestMs} ms`;
}

function main(): number {
  const target = fuzzTargets[values.target ?? ''];
  if (values.help || target === undefined) {
    say(USAGE);
    return values.help ? 0 : 2;
  }
  if (values.input !== undefined) {
    say(target.check(JSON.parse(readFileSync(values.input, 'utf8'))));
    return 0;
  }
  // A refusal is an exception for JSON.parse; without traces ten times as many fit into a second.
  Error.stackTraceLimit = 0;
  let told = 0;
  const result = fuzz(target, {
    inputs: Number(values.inputs),
    seed: Number(values.seed),
    corpus: readCorpus(target.name),
    onProgress: (progress) => {
      told += 1;
      if (told % 10 === 1) say(line(progress));
    },
  });
  if (result.crash !== undefined) {
    const file = resolve(`fuzz-${target.name}-${values.seed}.json`);
    writeFileSync(file, JSON.stringify(result.crash.input));
    say(`BROKEN ${target.name} seed ${values.seed}: ${result.crash.error.message}; the input is in ${file}`);
    return 1;
  }
  if (values.save) writeCorpus(target.name, minimised(target, result.corpus));
  say(`${target.name} seed ${values.seed}: ${line(result)}; every promise held`);
  return 0;
}

process.exitCode = main();

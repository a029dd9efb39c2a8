import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatVerdict, runTraffic } from '@chatplatform/testkit';
import { Crowd } from '../chaos/crowd.ts';
import { ProcessPlatform } from '../harness/process-platform.ts';
import { root } from '../harness/run.ts';
import { soakReport, type SoakTraffic } from './report.ts';
import { hasListenerLeak, takeSample, type Sample } from './sample.ts';
import { judgeSamples } from './verdict.ts';

const USAGE = `soak [--minutes N] [--clients N] [--seed N]

Sends round after round of traffic over a platform of processes, and holds that gateways and workers do not grow.
Result: docs/soak.md. Exit code 0: every round clean, every program flat.

  --minutes N   default 30
  --clients N   clients of each round, default 200
  --seed N      seed of the first round, default 1
`;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    clients: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** Seconds of traffic of one round: the shorter, the more often sessions and rooms come and go. */
const ROUND_SECONDS = 20;
/** Publishes per second of all clients together. */
const RATE = 150;
/** After the last client has gone: sessions end, presence is cleaned up, garbage is collected. */
const QUIET_MS = 3000;
const TOKEN_SECONDS = 3600;
const REPORT = join(root, 'docs', 'soak.md');

function say(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

/** One round. @returns what went over the platform; undefined when the checker found something. */
async function round(
  platform: ProcessPlatform,
  seed: number,
  clients: number,
): Promise<{ messages: number; deliveries: number } | undefined> {
  const { access } = platform;
  const crowd = new Crowd({
    ...{ access, urls: [access.url] },
    ...{ tokenSeconds: TOKEN_SECONDS, lateTokens: false, doubled: false },
  });
  try {
    const { verdict, unsettled } = await runTraffic({
      url: access.url,
      token: (user) => platform.token(user),
      clients,
      rooms: Math.ceil(clients / 10),
      messages: RATE * ROUND_SECONDS,
      rate: RATE / clients,
      seed,
      connect: (user) => {
        crowd.add(`${user}-${seed}`);
        return crowd.guest(crowd.size - 1);
      },
    });
    const { acked, received, failed, continuityLost } = verdict.counts;
    if (verdict.clean && unsettled + failed + continuityLost === 0)
      return { messages: acked, deliveries: received };
    say(formatVerdict(verdict, seed));
    return undefined;
  } finally {
    await crowd.close();
  }
}

async function soak(platform: ProcessPlatform): Promise<boolean> {
  const minutes = Number(values.minutes);
  const programs = [...platform.gateways, ...platform.workers];
  const samples = new Map<string, Sample[]>(programs.map(({ name }) => [name, []]));
  const sum = { messages: 0, deliveries: 0 };
  const began = performance.now();
  const passed = (): number => (performance.now() - began) / 60_000;
  let rounds = 0;
  let clean = true;
  while (passed() < minutes) {
    const seed = Number(values.seed) + rounds;
    const traffic = await round(platform, seed, Number(values.clients));
    rounds += 1;
    clean &&= traffic !== undefined;
    sum.messages += traffic?.messages ?? 0;
    sum.deliveries += traffic?.deliveries ?? 0;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    for (const program of programs) {
      const sample = await takeSample(program, passed());
      samples.get(program.name)?.push(sample);
      say(
        `${passed().toFixed(1)} min, ${program.name}: RSS ${(sample.rss / 2 ** 20).toFixed(0)} MB, ` +
          `${sample.files} files, ${sample.resources} handles`,
      );
    }
  }
  const verdicts = await Promise.all(
    programs.map(async (program) =>
      judgeSamples(program.name, samples.get(program.name) ?? [], await hasListenerLeak(program)),
    ),
  );
  const all: SoakTraffic = { minutes, rounds, clients: Number(values.clients), ...sum };
  const report = soakReport(all, verdicts);
  await writeFile(REPORT, report);
  process.stdout.write(`${report}\n${clean ? 'every round clean' : 'NOT CLEAN'}\n`);
  return clean && verdicts.every(({ faults }) => faults.length === 0);
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const platform = await ProcessPlatform.start();
  let good = false;
  try {
    good = await soak(platform);
  } finally {
    await platform.close(!good);
    if (!good) say(`logs are kept in ${platform.folder}`);
  }
  return good ? 0 : 1;
}

process.exitCode = await main();

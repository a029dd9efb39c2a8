import { jest } from '@jest/globals';
import { hostileFrames, type HostileContext, type HostileFrame } from '@chatplatform/protocol';
import { Bench } from './testing/bench.ts';
import type { RunningGateway } from './running-gateway.ts';
import type { RawClient } from './testing/raw-client.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;
let gateway: RunningGateway;
let bystander: RawClient;

beforeAll(async () => {
  bench = await Bench.open();
  // One bystander asks after every frame, faster than a person on a quiet machine.
  const limits = { connectionsPerSecondPerIP: 10_000, requestBurstPerConnection: 10_000 };
  gateway = await bench.gateway({ live: { limits } });
  bystander = (await bench.client(gateway, 'bystander', { rooms: { 'open:room': {} } })).raw;
});

afterAll(() => bench.close());

async function attacker(entry: HostileFrame): Promise<{ raw: RawClient; context: HostileContext }> {
  const token = await bench.token('mallory', {
    caps: { 'open:**': ['join', 'publish', 'history', 'presence'] },
  });
  const context = {
    room: 'open:room',
    otherRoom: 'open:other',
    forbiddenRoom: 'closed:room',
    inst: bench.inst(),
    token,
  };
  const raw = await bench.dial(gateway);
  if (entry.when === 'joined') {
    await raw.request('hello', { token, inst: context.inst, caps: [], sdk: '' });
    const joined = await raw.request('join', { room: context.room });
    expect(joined['join']).toBeDefined();
  }
  return { raw, context };
}

test.each(hostileFrames.map((entry) => [entry.name, entry] as const))('%s', async (_name, entry) => {
  const { raw, context } = await attacker(entry);
  const before = bystander.lines.length;
  raw.raw(entry.frame(context));
  const { outcome } = entry;
  if (outcome.kind === 'close') {
    expect(outcome.codes).toContain(await raw.closed());
  } else if (outcome.kind === 'error') {
    const reply = await raw.until((line) => line.i === outcome.i);
    expect(reply.err).toMatchObject({ code: outcome.code });
    if (outcome.names !== undefined) expect(reply.err?.msg).toContain(outcome.names);
  }
  if (outcome.kind !== 'close') {
    const alive = await raw.request('who', { room: context.room });
    expect(alive['who']).toBeDefined();
    await raw.close();
  }
  // The others notice nothing but who comes and goes.
  expect(bystander.closeCode).toBeUndefined();
  const noticed = bystander.lines.slice(before).filter((line) => line['pr'] === undefined);
  expect(noticed).toEqual([]);
  expect((await bystander.request('who', { room: 'open:room' }))['who']).toBeDefined();
});

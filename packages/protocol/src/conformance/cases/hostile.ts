import { fromJson } from '../../json.ts';
import { OperationRows } from '../../reference/operation-rows.ts';
import { conformanceCase, type ConformanceCase } from '../case.ts';
import { hostileFrames, type HostileContext, type HostileFrame } from '../hostile-frames.ts';
import { demand, demandEqual, shown } from '../nonconformity.ts';
import type { ConformanceRow } from '../rows.ts';
import type { Client } from '../client.ts';
import type { Scene } from '../scene.ts';

const SAMPLE: HostileContext = {
  room: 'a:room',
  otherRoom: 'a:other',
  forbiddenRoom: 'b:room',
  inst: 'aaaaaaaaaaaaaaaa',
  token: 'a.b.cccccccc',
};

const BINARY: readonly ConformanceRow[] = ['rule:frame.text'];

/** Every hostile frame: its designed outcome, and that nobody else notices. */
export const hostileCases: readonly ConformanceCase[] = hostileFrames.map((entry) =>
  conformanceCase(
    `hostile-${entry.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`,
    `${entry.name}: ${outcomeOf(entry)}; others notice nothing`,
    ['rule:frame.hostile', ...rowsOf(entry)],
    (scene) => attack(scene, entry),
  ),
);

function outcomeOf({ outcome }: HostileFrame): string {
  if (outcome.kind === 'error') return `error ${outcome.code}`;
  return outcome.kind === 'close' ? `closed with ${outcome.codes.join(' or ')}` : 'ignored';
}

function rowsOf(entry: HostileFrame): ConformanceRow[] {
  const { outcome } = entry;
  if (outcome.kind === 'ignored') return ['rule:frame.unknown-field'];
  if (outcome.kind === 'close') return closeRows(entry, outcome.codes);
  const { code } = outcome;
  const op = operationOf(entry);
  const named: ConformanceRow[] = op === undefined ? [] : [`op:${op}!${code}`];
  const rule: ConformanceRow = code === 104 ? 'rule:frame.unknown-operation' : 'rule:frame.bad-field';
  return code === 104 || code === 107 ? [`error:${code}`, rule] : [`error:${code}`, ...named];
}

function closeRows({ when, frame }: HostileFrame, codes: readonly number[]): ConformanceRow[] {
  if (codes.length > 1) return ['limit:frameBytes'];
  const binary = typeof frame(SAMPLE) !== 'string';
  const rule: ConformanceRow = when === 'first' ? 'rule:hello.first' : 'rule:frame.unanswerable';
  return [`close:${codes[0]}`, codes[0] === 3500 ? 'rule:hello.refused' : rule, ...(binary ? BINARY : [])];
}

function operationOf({ frame }: HostileFrame): string | undefined {
  const built = frame(SAMPLE);
  const value = typeof built === 'string' ? fromJson(built) : undefined;
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return keys.find((key) => key in OperationRows);
}

async function attack(scene: Scene, entry: HostileFrame): Promise<void> {
  const room = scene.room('open');
  const bystander = (await scene.client('bystander', { hello: { rooms: { [room]: {} } } })).client;
  const { client, context } = await attacker(scene, entry, room);
  const before = bystander.wire.lines.length;
  const seen = client.wire.lines.length;
  client.wire.send(entry.frame(context));
  await outcome(client, entry, seen);
  if (entry.outcome.kind !== 'close') await client.good('who', { room });
  await bystander.good('who', { room });
  const noticed = bystander.wire.lines
    .slice(before)
    .filter((line) => line['pr'] === undefined && line['i'] === undefined);
  demandEqual(noticed, [], 'what a bystander noticed');
}

async function outcome(client: Client, { outcome }: HostileFrame, seen: number): Promise<void> {
  if (outcome.kind === 'close') await client.ends(outcome.codes);
  if (outcome.kind !== 'error') return;
  const line = await client.answer(outcome.i);
  const err = line['err'] as { code: number; msg: string } | undefined;
  demand(err?.code === outcome.code, `the reply must be error ${outcome.code}: ${shown(line)}`);
  demand(err.msg.includes(outcome.names ?? ''), `the message must name ${outcome.names}: ${err.msg}`);
  demandEqual(client.wire.lines.slice(seen).length, 1, 'lines that came back');
}

async function attacker(
  scene: Scene,
  entry: HostileFrame,
  room: string,
): Promise<{ client: Client; context: HostileContext }> {
  const rights = ['join', 'publish', 'history', 'presence'] as const;
  const claims = { caps: { [`${room}**`]: [...rights] } };
  const context = (inst: string, token: string): HostileContext => ({
    room,
    otherRoom: `${room}-2`,
    forbiddenRoom: scene.room('closed'),
    inst,
    token,
  });
  const token = await scene.token('mallory', claims);
  if (entry.when === 'first') {
    const client = await scene.guest('mallory');
    return { client, context: context(client.inst, token) };
  }
  const { client } = await scene.client('mallory', { claims });
  await client.good('join', { room, classes: ['msg'] });
  return { client, context: context(client.inst, token) };
}

import { jest } from '@jest/globals';
import { join } from 'node:path';
import { root } from '../harness/run.ts';
import { until } from '../index.ts';
import { ClusterPlatform } from './cluster-platform.ts';

/** Bringing up; three rollouts of the workers. */
jest.setTimeout(20 * 60_000);

const TOLD_MS = 90_000;
const MODULE = join(root, 'examples/rules/words.mjs');
const rules = (name: string) => ({ workers: { rules: { configMapRef: { name }, modules: ['words.mjs'] } } });

let cluster: ClusterPlatform;
beforeAll(async () => {
  cluster = await ClusterPlatform.open();
  for (const name of ['features-rules', 'features-broken', 'features-missing'])
    await cluster.kubectl.run('delete', 'configmap', name, '--ignore-not-found');
  await cluster.kubectl.run('create', 'configmap', 'features-rules', `--from-file=${MODULE}`);
  await cluster.kubectl.run(
    ...['create', 'configmap', 'features-broken', '--from-literal=words.mjs=export default {'],
  );
});
afterAll(() => cluster?.patch({ workers: { rules: null } }));

test('rules that cannot be there or cannot be read are told of, and the workers before them go on', async () => {
  await cluster.patch(rules('features-missing'));
  await until('the warning', TOLD_MS, async () => {
    const warning = await cluster.condition('ConfigurationWarning');
    return warning?.message.includes('there is no ConfigMap "features-missing"') === true;
  });
  expect(await cluster.condition('RolloutComplete')).toMatchObject({ status: 'False' });
  await cluster.patch(rules('features-broken'));
  await until('the trouble', TOLD_MS, async () => {
    const rollout = await cluster.condition('RolloutComplete');
    return rollout?.reason === 'PodsFailing';
  });
  await cluster.judge([], { messages: 200, moderated: true });
});

test('rules are put in place under traffic', async () => {
  await cluster.judge([{ name: 'rules', at: 0.1, run: () => cluster.change(rules('features-rules')) }], {
    moderated: true,
  });
  expect(await cluster.condition('ConfigurationWarning')).not.toMatchObject({ reason: 'RulesMissing' });
});

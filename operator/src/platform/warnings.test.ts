import { ChatPlatformSpec } from '@chatplatform/platform';
import { demoPlatform } from '../testing/broken-resources.ts';
import { MemoryClient } from '../testing/memory-client.ts';
import type { Pass } from './pass.ts';
import { configurationWarning } from './warnings.ts';

const rules = { configMapRef: { name: 'demo-rules-1' }, modules: ['words.mjs', 'links.mjs'] };

async function warningWith(configMap: Record<string, string> | undefined): Promise<string> {
  const client = new MemoryClient();
  const make = (kind: string, name: string, data: Record<string, string>) =>
    client.create({ apiVersion: 'v1', kind, metadata: { name, namespace: 'default' }, data });
  await make('Secret', 'demo-key', { key: 'a2V5' });
  if (configMap) await make('ConfigMap', 'demo-rules-1', configMap);
  const spec = ChatPlatformSpec.parse(demoPlatform({ workers: { rules } })['spec']);
  const pass = { spec, client, owner: { namespace: 'default', name: 'demo', uid: 'u' } } as unknown as Pass;
  return (await configurationWarning(pass)).message;
}

describe('rules that are not there', () => {
  test('are told of with the ConfigMap and the keys it must have', async () => {
    expect(await warningWith(undefined)).toMatch(
      /workers.rules: there is no ConfigMap "demo-rules-1": create it with key "words.mjs", "links.mjs"; until then new workers do not start/,
    );
    expect(await warningWith({ 'words.mjs': 'x' })).toMatch(
      /ConfigMap "demo-rules-1" has no key "links.mjs"/,
    );
    expect(await warningWith({ 'words.mjs': 'x', 'links.mjs': 'y' })).not.toMatch(/rules/);
  });
});

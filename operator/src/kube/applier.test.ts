import fc from 'fast-check';
import { MemoryClient } from '../testing/memory-client.ts';
import { canonical, projection } from './applied-state.ts';
import { createApplier } from './applier.ts';
import type { KubeObject } from './resource.ts';

const owned = (data: Record<string, string>, uid = 'owner'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'c',
    namespace: 'ns',
    ownerReferences: [{ apiVersion: 'x', kind: 'X', name: 'x', uid, controller: true }],
  },
  data,
});
const live = (client: MemoryClient) => client.objects.get('ConfigMap/ns/c');

describe('the applier', () => {
  test('writes once, and not again while nothing changed', async () => {
    const client = new MemoryClient();
    const applier = createApplier(client);
    expect((await applier.apply(owned({ a: '1' }), undefined)).outcome).toBe('created');
    expect((await applier.apply(owned({ a: '1' }), live(client))).outcome).toBe('unchanged');
    expect(client.writes).toHaveLength(1);
  });

  test('writes again when somebody changed a field of ours, and only then', async () => {
    const client = new MemoryClient();
    const applier = createApplier(client);
    await applier.apply(owned({ a: '1' }), undefined);
    const stored = live(client) as KubeObject;
    expect(applier.differs(owned({ a: '1' }), { ...stored, data: { a: '1', theirs: 'x' } })).toBe(false);
    expect(applier.differs(owned({ a: '1' }), { ...stored, data: { a: '2' } })).toBe(true);
    expect(applier.differs(owned({ a: '2' }), stored)).toBe(true);
  });

  test('a new process needs no write for what an earlier one applied', async () => {
    const client = new MemoryClient();
    await createApplier(client).apply(owned({ a: '1' }), undefined);
    expect((await createApplier(client).apply(owned({ a: '1' }), live(client))).outcome).toBe('unchanged');
  });

  test('never takes over what belongs to something else, even when the cache does not know it', async () => {
    const client = new MemoryClient();
    await client.create(owned({ theirs: 'yes' }, 'somebody'));
    await expect(createApplier(client).apply(owned({ a: '1' }), undefined)).rejects.toThrow(
      /belongs to something else/,
    );
    expect(live(client)?.['data']).toEqual({ theirs: 'yes' });
  });
});

describe('the projection of a live object', () => {
  test('ignores what others added and sees what they changed', () => {
    const manifest = {
      spec: { containers: [{ name: 'a', image: 'i', env: [{ name: 'X', value: '1' }] }], args: ['x'] },
    };
    const server = {
      status: {},
      spec: {
        paused: false,
        args: ['x'],
        containers: [
          { name: 'sidecar' },
          { name: 'a', image: 'i', env: [{ name: 'X', value: '1', extra: 1 }], pull: 'p' },
        ],
      },
    };
    expect(canonical(projection(server, manifest))).toBe(canonical(manifest));
    server.spec.args.push('y');
    expect(canonical(projection(server, manifest))).not.toBe(canonical(manifest));
  });

  test('of an object that has everything is the manifest itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => canonical(projection(value, value)) === canonical(value)),
    );
  });
});

import { parseChatPlatform } from '@chatplatform/platform';
import { type KubeObject, Resources } from '../kube/index.ts';
import { BROKEN_PLATFORMS, demoPlatform, FORBIDDEN_CHANGES } from './broken-resources.ts';
import type { ControlPlane } from './control-plane.ts';

/** What the API server takes and refuses by the rules in the CRD alone: no operator may run beside it. */
export function admissionTests(controlPlane: () => ControlPlane): void {
  const client = (): ControlPlane['client'] => controlPlane().client;

  afterAll(() => client().delete(Resources.chatPlatform, { namespace: 'default', name: 'valid' }));

  test('a valid one is taken, with every default filled in', async () => {
    const stored = await client().create(demoPlatform({}, 'valid') as KubeObject);
    expect(stored['spec']).toEqual(parseChatPlatform(demoPlatform({}, 'valid')).spec);
  });

  test.each(BROKEN_PLATFORMS)('%s is refused with what to write', async (_, resource, told) => {
    await expect(client().create(resource as KubeObject)).rejects.toThrow(told);
  });

  test.each(FORBIDDEN_CHANGES)(
    '%s cannot be changed, and the answer says what to do instead',
    async (_, patch, told) => {
      const target = { namespace: 'default', name: 'valid' };
      await expect(client().patch(Resources.chatPlatform, target, { spec: patch })).rejects.toThrow(told);
    },
  );

  test('the scale subresource changes the gateways', async () => {
    const target = { namespace: 'default', name: 'valid', subresource: 'scale' };
    const scale = await client().patch(Resources.chatPlatform, target, { spec: { replicas: 5 } });
    expect(scale['spec']).toEqual({ replicas: 5 });
    const stored = await client().get(Resources.chatPlatform, 'default', 'valid');
    expect(stored?.['spec']).toMatchObject({ gateway: { replicas: 5 } });
  });
}

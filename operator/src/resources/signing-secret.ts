import type { SigningKeys } from '@chatplatform/kafka';
import type { KubeObject } from '../kube/index.ts';
import type { MakeKey } from './keys-secret.ts';
import { childMetadata, childNames, type Owner } from './labels.ts';

/** Id of the first key; whoever replaces it adds others. */
const FIRST_KEY = 'k1';

/**
 * The Secret with the keys that records of the message log are signed with. Created once, never overwritten: its owner
 * adds and retires keys in it, and programs follow.
 */
export function signingSecret(owner: Owner, makeKey: MakeKey): KubeObject {
  const keys: SigningKeys = { active: FIRST_KEY, keys: { [FIRST_KEY]: makeKey() } };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: childMetadata(owner, 'gateway', childNames.signing(owner)),
    type: 'Opaque',
    stringData: { 'keys.json': JSON.stringify(keys) },
  };
}

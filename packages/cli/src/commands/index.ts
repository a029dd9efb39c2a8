import type { Command } from '../command.ts';
import { conformance } from './conformance.ts';
import { dlq } from './dlq.ts';
import { down } from './down.ts';
import { publish } from './publish.ts';
import { signingKeys } from './signing-keys.ts';
import { status } from './status.ts';
import { tail } from './tail.ts';
import { token } from './token.ts';
import { up } from './up.ts';
import { verify } from './verify.ts';

/** Every command, in the order of the index. */
export const commands: readonly Command[] = [
  up,
  down,
  status,
  token,
  publish,
  tail,
  verify,
  conformance,
  dlq,
  signingKeys,
];

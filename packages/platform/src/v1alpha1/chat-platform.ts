import { z } from 'zod';
import { PlatformError } from '../errors.ts';
import { withRules } from './rule.ts';
import { ChatPlatformSpec } from './spec.ts';
import { ChatPlatformStatus } from './status.ts';

/** API group of the resource. */
export const GROUP = 'chatplatform.dev';
/** The one stored version. */
export const VERSION = 'v1alpha1';
/** `apiVersion` of a ChatPlatform. */
export const API_VERSION = `${GROUP}/${VERSION}`;
/** `kind` of the resource. */
export const KIND = 'ChatPlatform';
/** Plural name, used in URLs. */
export const PLURAL = 'chatplatforms';

// Children are named `<name>-gateway-<hash8>-<rs hash>-<pod hash>`, which must stay a DNS label (63).
const MAX_NAME = 40;
const NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

/** The whole resource. `metadata` keeps what it is not told about: the API server owns it. */
export const ChatPlatform = withRules(
  z.object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal(KIND),
    metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
    spec: ChatPlatformSpec,
    status: ChatPlatformStatus.optional(),
  }),
  [
    {
      cel: `self.metadata.name.size() <= ${MAX_NAME} && self.metadata.name.matches('${NAME.source}')`,
      message: `write a metadata.name of at most ${MAX_NAME} characters: lower-case letters, digits and "-", a letter first, no "-" at the end`,
      holds: (self) => self.metadata.name.length <= MAX_NAME && NAME.test(self.metadata.name),
    },
  ],
);

/** A parsed resource: every default filled in. */
export type ChatPlatform = z.output<typeof ChatPlatform>;

/**
 * Reads a ChatPlatform that a person wrote (from a file). Stricter than the API server: a field
 * nobody knows is an error here, because there is no second reader who could know it.
 * @throws {PlatformError} `invalid-resource`, listing every fault with its field.
 */
export function parseChatPlatform(document: unknown): ChatPlatform {
  const result = ChatPlatform.safeParse(document);
  if (!result.success) {
    const faults = result.error.issues.map(
      (issue) => `${issue.path.join('.') || 'resource'}: ${issue.message}`,
    );
    throw new PlatformError('invalid-resource', `not a valid ${KIND}:\n  ${faults.join('\n  ')}`, {
      cause: result.error,
    });
  }
  const unknown = unknownFields(document, result.data, []);
  if (unknown.length > 0) {
    throw new PlatformError(
      'invalid-resource',
      `not a valid ${KIND}: no such field: ${unknown.join(', ')}; check the spelling and the indentation, or remove it`,
    );
  }
  return result.data;
}

/** Paths present in what was written and absent in what was understood. */
function unknownFields(written: unknown, understood: unknown, path: readonly string[]): string[] {
  if (
    typeof written !== 'object' ||
    written === null ||
    typeof understood !== 'object' ||
    understood === null
  ) {
    return [];
  }
  return Object.entries(written).flatMap(([key, value]) => {
    const here = [...path, key];
    return key in understood
      ? unknownFields(value, (understood as Record<string, unknown>)[key], here)
      : [here.join('.')];
  });
}

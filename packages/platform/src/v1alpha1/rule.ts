import type { z } from 'zod';

/**
 * One validation rule, written once for both places that enforce it: as CEL by the API server, and
 * as `holds` by everything that reads a ChatPlatform from a file.
 */
export interface Rule<T> {
  /** CEL over `self` (and `oldSelf` for transitions). */
  readonly cel: string;
  /** A sentence that says what to write. */
  readonly message: string;
  /** The same rule in TypeScript; absent for transition rules, which need the stored object. */
  readonly holds?: (self: T) => boolean;
}

/** JSON Schema extensions of Kubernetes that the CRD generator copies as they are. */
export interface SchemaExtensions {
  'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-int-or-string'?: true;
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  description?: string;
  format?: string;
  maxProperties?: number;
}

/**
 * Attaches rules to a schema: enforced on parse, and kept as `x-kubernetes-validations` for the
 * generated CRD. Must be the last call on a schema, before `.default`/`.prefault`/`.optional`
 * (Zod forgets metadata when a schema is changed).
 */
export function withRules<S extends z.ZodType>(
  schema: S,
  rules: ReadonlyArray<Rule<z.output<S>>>,
  extensions: SchemaExtensions = {},
): S {
  const checked = schema.superRefine((value, context) => {
    for (const rule of rules) {
      if (rule.holds && !rule.holds(value)) {
        context.addIssue({ code: 'custom', message: rule.message });
      }
    }
  });
  return checked.meta({
    ...extensions,
    'x-kubernetes-validations': rules.map(({ cel, message }) => ({ rule: cel, message })),
  });
}

/** A rule that a string matches a regular expression (RE2 and JavaScript agree on the ones used). */
export function matching(pattern: RegExp, message: string): Rule<string> {
  // JavaScript escapes "/" in `source`; a CEL string needs every backslash doubled.
  const source = pattern.source.replaceAll('\\/', '/').replaceAll('\\', '\\\\');
  return { cel: `self.matches('${source}')`, message, holds: (self) => pattern.test(self) };
}

/** A transition rule: the value never changes after creation. */
export function immutable(message: string): Rule<unknown> {
  return { cel: 'self == oldSelf', message };
}

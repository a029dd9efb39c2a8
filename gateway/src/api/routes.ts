import { HTTP_API_PREFIX, HttpApi, type HttpOperation, type HttpOperationName } from '@chatplatform/protocol';

/** Where a request goes. */
export type Route =
  | { kind: 'found'; name: HttpOperationName; operation: HttpOperation; parameters: Record<string, string> }
  | { kind: 'method'; allowed: string[] }
  | { kind: 'unknown' };

interface Pattern {
  name: HttpOperationName;
  operation: HttpOperation;
  segments: string[];
}

const PATTERNS: readonly Pattern[] = Object.entries<HttpOperation>(HttpApi).map(([name, operation]) => ({
  name: name as HttpOperationName,
  operation,
  segments: (HTTP_API_PREFIX + operation.path).split('/'),
}));

/** Finds the operation of a request. @param path - as it was sent: percent-encoded, without the query */
export function routeOf(method: string, path: string): Route {
  const segments = path.split('/');
  const matching = PATTERNS.flatMap((pattern) => {
    const parameters = parametersOf(pattern.segments, segments);
    return parameters === undefined ? [] : [{ pattern, parameters }];
  });
  const found = matching.find(({ pattern }) => pattern.operation.method === method);
  if (found !== undefined) {
    const { name, operation } = found.pattern;
    return { kind: 'found', name, operation, parameters: found.parameters };
  }
  if (matching.length === 0) return { kind: 'unknown' };
  return { kind: 'method', allowed: matching.map(({ pattern }) => pattern.operation.method) };
}

/** Values of the `{name}` segments; undefined when the path is not of this pattern. */
function parametersOf(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, part] of pattern.entries()) {
    const given = segments[at] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined && part !== given) return undefined;
    // What cannot be decoded stays as it is: no name has that form, and the schema says so.
    if (name !== undefined) parameters[name] = decoded(given);
  }
  return parameters;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

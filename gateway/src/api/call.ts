import type { HttpApi, HttpOperationName, Json } from '@chatplatform/protocol';
import type { z } from 'zod';
import type { Identity } from '../auth/identity.ts';

type Operation<Name extends HttpOperationName> = (typeof HttpApi)[Name];
type Read<Holder, Field extends string> =
  Holder extends Readonly<Record<Field, infer Schema extends z.ZodType>> ? z.output<Schema> : undefined;

/** A request whose every part has the form its operation asks for, from a client that is known. */
export interface Call<Name extends HttpOperationName> {
  readonly identity: Identity;
  readonly parameters: Read<Operation<Name>, 'parameters'>;
  readonly query: Read<Operation<Name>, 'query'>;
  readonly body: Read<Operation<Name>, 'body'>;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

/** The answer of an operation that was done. */
export interface Done {
  readonly status: 200 | 201 | 204;
  readonly json?: Json;
}

/** What the operations do. They throw `HttpRefusal` or `Refused`. */
export type ApiHandlers = { [Name in HttpOperationName]: (call: Call<Name>) => Promise<Done> };

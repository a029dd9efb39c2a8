import type { ClientAccess } from '../harness/process-platform.ts';

/** What a process full of clients is started with. */
export interface HostOptions {
  readonly access: ClientAccess;
  /** Where its clients dial, in turn. */
  readonly urls: readonly string[];
  readonly tokenSeconds: number;
  /** Every other client gets its new token only when the old one has ended. */
  readonly lateTokens: boolean;
  /** Every publish goes out a second time, over another connection. */
  readonly doubled: boolean;
}

/** What is told of a message: all of it, or its id only. */
export type Heard = 'all' | 'ids';

/** A client and the number of its room. */
export type JoinOrder = [client: number, room: number, name: string, heard: Heard];

/** What a run asks of its clients; they are numbered, and so are the rooms of each. */
export type HostOrder =
  | { readonly open: [client: number, user: string] }
  | { readonly join: JoinOrder }
  | { readonly leave: [client: number, room: number] }
  | { readonly publish: [request: number, client: number, room: number, data: unknown] }
  | { readonly close: number };

/** What clients tell their run, in the order in which it happened to each. */
export type HostReport =
  | { readonly connected: number }
  | { readonly disconnected: number }
  | { readonly ended: number; readonly reason: string }
  | { readonly joined: [client: number, room: number] }
  | { readonly refused: [client: number, room: number, reason: string] }
  | { readonly message: [client: number, room: number, id: string, cid: string, data: unknown] }
  | { readonly lost: [client: number, room: number, reason: string] }
  | { readonly acked: [request: number, cid: string, dup: boolean, id: string | null] }
  | { readonly failed: [request: number, reason: string] };

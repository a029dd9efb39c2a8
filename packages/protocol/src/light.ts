/**
 * The part of the protocol that needs no schema library: what a client carries into a browser.
 * Types of the frames come from the main entry with `import type`.
 */
export * from './cid.ts';
export * from './closes.ts';
export * from './errors.ts';
export * from './gap.ts';
export * from './json.ts';
export * from './limits.ts';
export * from './position.ts';
export * from './room.ts';

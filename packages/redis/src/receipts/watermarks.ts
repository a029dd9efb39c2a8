import type { Watermarks } from './receipts.ts';

/** Watermarks as told, from how they are stored: `''` for none. */
export function watermarksOf(delivered: string, read: string): Watermarks {
  return { ...(delivered !== '' && { delivered }), ...(read !== '' && { read }) };
}

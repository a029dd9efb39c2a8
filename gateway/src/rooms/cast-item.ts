import type { InboxClass } from '@chatplatform/redis';

/** An ephemeral line of a room. */
export interface CastItem {
  class: Extract<InboxClass, 'pr' | 'ty' | 'rc'>;
  room: string;
  frame: string;
}

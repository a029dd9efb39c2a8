import type { ChatPlatformStatus } from '@chatplatform/platform';
import type { ConditionDraft } from './pass.ts';

/** What one component reports after its part of a pass. Never an early return: it always reports. */
export interface ComponentResult {
  readonly conditions: readonly ConditionDraft[];
  /** The component's part of the status. */
  readonly status: Partial<ChatPlatformStatus>;
  /** Look again after this many milliseconds, whatever happens. */
  readonly requeueAfterMs?: number;
}

import type { InRecord } from '@chatplatform/kafka';
import type { RoomOptions } from '@chatplatform/platform';
import { decodeLogMessage, RecordError, type LogMessage } from '@chatplatform/protocol';
import type { Poison } from '../pipeline/dead-letters.ts';

/** A message of the log, with what its room's namespace says and the record it came from. */
export interface ChatMessage extends LogMessage {
  readonly options: RoomOptions;
  readonly record: InRecord;
}

/** What decoding depends on besides the record: fixed for the life of the log. */
export interface DecodeContext {
  readonly epoch: string;
  /** Partitions of the message log. */
  readonly partitions: number;
  optionsOf(room: string): RoomOptions;
}

/** Decodes a record. Deterministic: the same record gives the same answer for ever. */
export function decodeMessage(record: InRecord, context: DecodeContext): ChatMessage | Poison {
  const { epoch, partitions } = context;
  const keepsLatest = (room: string): boolean => context.optionsOf(room).kind === 'latest';
  const decoded = decodeLogMessage(record, { epoch, partitions, keepsLatest });
  if (decoded instanceof RecordError)
    return { record, cause: decoded.code, message: decoded.message, attempts: 1 };
  return { ...decoded, options: context.optionsOf(decoded.room), record };
}

/** Whether decoding failed. */
export function isPoison(decoded: ChatMessage | Poison): decoded is Poison {
  return 'cause' in decoded;
}

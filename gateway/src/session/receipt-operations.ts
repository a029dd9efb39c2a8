import type { RoomOptions } from '@chatplatform/platform';
import { BEGINNING, type OperationBodies } from '@chatplatform/protocol';
import type { Receipts } from '../presence/receipts.ts';
import type { Log } from '../publish/log.ts';
import { isOfLog } from '../rooms/catch-up.ts';
import type { CompletedJoin } from '../rooms/joiner.ts';
import { demandJoined, NO_BODY, type Handlers } from './operations.ts';
import { Refused } from './refused.ts';
import { demandLog, reachable } from './room-reads.ts';
import type { Session } from './session.ts';

/** What the operations on receipts work with. */
export interface ReceiptOperationsOptions {
  receipts: Receipts;
  optionsOf: (room: string) => RoomOptions;
  log: () => Log | undefined;
}

/** The handlers of `ack` and `read`. */
export function receiptOperations(options: ReceiptOperationsOptions): Pick<Handlers, 'ack' | 'read'> {
  return {
    ack: (session, body) => acknowledge(session, body, options),
    read: async (session, { r }) => {
      const positions = Object.entries(r);
      for (const [room, position] of positions) demandReceipts(session, { room, position }, options);
      const { user } = session;
      const stored = positions.map(([room, position]) => options.receipts.read(room, user, position));
      await reachable(Promise.all(stored));
      return NO_BODY;
    },
  };
}

/** Nobody waits for an answer: what cannot be a watermark is left aside. */
function acknowledge(
  session: Session,
  { r }: OperationBodies['ack'],
  { receipts, optionsOf, log }: ReceiptOperationsOptions,
): void {
  for (const [room, position] of Object.entries(r)) {
    const prefix = log()?.prefixOf(room);
    const counts = session.rooms.has(room) && optionsOf(room).receipts;
    if (counts && prefix !== undefined && isOfLog(position, prefix)) {
      receipts.delivered(room, session.user, position);
    }
  }
}

function demandReceipts(
  session: Session,
  { room, position }: { room: string; position: string },
  { optionsOf, log }: ReceiptOperationsOptions,
): void {
  demandJoined(session, room);
  if (!optionsOf(room).receipts) throw new Refused(104, 'receipts are not enabled for this namespace');
  demandLog(position, log()?.prefixOf(room));
}

/** Pushes the watermarks of rooms just joined to a member that asks for receipts: right behind the reply, as soon as they are read. */
export function pushReceipts(receipts: Receipts, session: Session, done: readonly CompletedJoin[]): void {
  for (const { room } of done) {
    // Where nothing was ever said nothing was read: that is so in most personal rooms.
    if (room.last === BEGINNING) continue;
    if (session.rooms.get(room.name)?.includes('receipt') !== true) continue;
    void receipts.current(room.name).then((frame) => {
      if (frame !== undefined) session.socket.send(frame);
    });
  }
}

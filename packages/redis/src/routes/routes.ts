/**
 * Which gateways want a room's messages. A gateway adds its route before it reads the history of a join, and
 * serialises its own writes per room. The sweeper removes the routes of dead incarnations.
 */
export interface Routes {
  /** Resolves when every append from now on names `incarnation`. Adding again is harmless: so routes are re-asserted. */
  add(rooms: string | readonly string[], incarnation: string): Promise<void>;
  remove(room: string, incarnation: string): Promise<void>;
  /** Which of `rooms` have no route to `incarnation`: for audits, which cost no write where all is well. */
  missing(rooms: readonly string[], incarnation: string): Promise<string[]>;
  /** Incarnations with a route, dead ones included until they are swept. */
  of(room: string): Promise<string[]>;
}

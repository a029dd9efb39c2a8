/** One device of a user in a room: a session on a gateway. */
export interface Device {
  readonly user: string;
  readonly sid: string;
  readonly incarnation: string;
}

/** A user who is in a room. */
export interface Present {
  readonly user: string;
  /** Devices on live gateways. */
  readonly devices: number;
  /** When the first of these devices joined, milliseconds since 1970 by Redis time. */
  readonly since: number;
  /** Own presence info (JSON text) of the device that set it last. */
  readonly info?: string;
}

/** What {@link Presence.join} changed. */
export interface Joined {
  readonly first: boolean;
  readonly rose: boolean;
  readonly occ: number;
}

/** Who is in a room. An entry counts only while the lease of its gateway lives; nothing is refreshed per room. */
export interface Presence {
  /**
   * Adds a device, or moves it to another gateway (`first` is false then). `first`: the user was not here
   * before. `rose`: the user did not count before, because it is the first device or because all others were on
   * gateways without a lease. `occ`: live users now.
   */
  join(room: string, device: Device & { readonly info?: string | undefined }): Promise<Joined>;
  /** Takes the device away if it still belongs to `device.incarnation`. `last`: that was the user's last live device. */
  leave(room: string, device: Device): Promise<{ last: boolean; occ: number }>;
  /** Sets the info of a device that is here; otherwise nothing. `null` removes it. */
  setInfo(room: string, device: Device, info: string | null): Promise<void>;
  /** Live users in order of their names, after `after`, at most `max`; `next` is the `after` of the next page. */
  who(
    room: string,
    page: { after?: string | undefined; max: number },
  ): Promise<{ users: Present[]; occ: number; next?: string }>;
  /** The devices of one gateway in a room, whether its lease lives or not. */
  heldBy(room: string, incarnation: string): Promise<{ user: string; sid: string }[]>;
  /** Number of live users. */
  count(room: string): Promise<number>;
}

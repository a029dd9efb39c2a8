/** What a server of the micro-benchmark is told to publish. */
export interface Order {
  /** The message. */
  readonly text: string;
  /** Messages at the same moment. */
  readonly burst: number;
  /** How often. */
  readonly turns: number;
  readonly everyMs: number;
}

/** Everything has arrived: the server answers with the CPU it used since the order. */
export interface Stop {
  readonly stop: true;
}

/** What a server says: first its port, then the end of its publishes, then what they cost. */
export interface Answer {
  readonly port?: number;
  readonly published?: true;
  readonly cpuSeconds?: number;
}

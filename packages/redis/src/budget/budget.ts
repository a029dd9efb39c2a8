/** Token bucket shared by all gateways: how many clients may be told to reconnect. By Redis time; holds a tenth of a second of the rate, at least one. */
export interface Budget {
  /** Takes up to `n` tokens. `waitMs`: when the next token is there (0 when all were granted). */
  take(n: number, ratePerSecond: number): Promise<{ granted: number; waitMs: number }>;
}

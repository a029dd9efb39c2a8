/** The metrics of a program at one moment. */
export interface Metrics {
  /**
   * The sum of a metric over all its labels.
   *
   * @throws when the program has no such metric
   */
  sum(name: string): number;
}

/**
 * What a program shows at its admin port. Some metrics (the lag of the event loop) begin anew with each look, so one
 * look must serve for all that is wanted of a moment.
 */
export async function readMetrics(admin: string): Promise<Metrics> {
  const answer = await fetch(`${admin}/metrics`);
  const lines = (await answer.text()).split('\n');
  return {
    sum: (name) => {
      if (!lines.some((line) => line.startsWith(`# TYPE ${name} `)))
        throw new Error(`there is no metric ${name}`);
      return lines
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
  };
}

/** The sum of a metric over several programs. */
export async function sumMetric(programs: readonly { admin: string }[], name: string): Promise<number> {
  const all = await Promise.all(programs.map(({ admin }) => readMetrics(admin)));
  return all.reduce((sum, metrics) => sum + metrics.sum(name), 0);
}

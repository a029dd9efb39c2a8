/**
 * The sum over all labels of a metric, as a program shows it at its admin port.
 *
 * @throws when the program has no such metric
 */
export async function readMetric(admin: string, name: string): Promise<number> {
  const answer = await fetch(`${admin}/metrics`);
  const lines = (await answer.text()).split('\n');
  if (!lines.some((line) => line.startsWith(`# TYPE ${name} `)))
    throw new Error(`there is no metric ${name}`);
  return lines
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** The sum of a metric over several programs. */
export async function sumMetric(programs: readonly { admin: string }[], name: string): Promise<number> {
  const values = await Promise.all(programs.map(({ admin }) => readMetric(admin, name)));
  return values.reduce((sum, value) => sum + value, 0);
}

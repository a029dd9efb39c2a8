/** The sum over all labels of a metric, as a program shows it at its admin port; 0 when it shows none. */
export async function readMetric(admin: string, name: string): Promise<number> {
  const answer = await fetch(`${admin}/metrics`);
  const lines = (await answer.text()).split('\n').filter((line) => /^[a-z]/.test(line));
  let sum = 0;
  for (const line of lines) {
    const [series = '', value = '0'] = line.split(/ (?=[^ ]*$)/);
    if (series.replace(/\{.*/, '') === name) sum += Number(value);
  }
  return sum;
}

import { readFile } from 'node:fs/promises';

/** Why a goal was missed, by its id. Written by people: a benchmark knows figures, not causes. */
export type Causes = Readonly<Record<string, string>>;

/**
 * Reads `## id` sections; what is above the first is for whoever edits the file.
 * @returns the text of each section on one line
 */
export function causesIn(page: string): Causes {
  const [, ...sections] = page.split(/^## /m);
  return Object.fromEntries(
    sections.map((section) => {
      const [id = '', ...lines] = section.trim().split('\n');
      return [id.trim(), lines.join(' ').replaceAll(/\s+/g, ' ').trim()];
    }),
  );
}

/** The causes in `file`; none when there is no such file. */
export async function readCauses(file: string): Promise<Causes> {
  return causesIn(await readFile(file, 'utf8').catch(() => ''));
}

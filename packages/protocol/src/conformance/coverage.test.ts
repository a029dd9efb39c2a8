import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coverageFaults } from './coverage.ts';
import { provenElsewhere, type Proof } from './elsewhere.ts';
import { conformanceSuite } from './suite.ts';

const root = join(import.meta.dirname, '../../../..');

test('every row of the page has a case or a proof, and every case and proof a row', () => {
  expect(coverageFaults()).toEqual([]);
});

test('every case has an id of its own', () => {
  const ids = conformanceSuite.map(({ id }) => id);
  expect(ids.filter((id) => !/^[a-z0-9-]{2,80}$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});

const proofs = Object.entries<Proof | undefined>(provenElsewhere).flatMap(([row, proof]) =>
  proof === undefined ? [] : [{ row, ...proof }],
);

test.each(proofs)('$row is proven by a test that exists', (proof) => {
  const file = join(root, proof.file);
  expect({ file: proof.file, exists: existsSync(file) }).toEqual({ file: proof.file, exists: true });
  const text = readFileSync(file, 'utf8');
  expect({
    proof,
    found: new RegExp(`test(\\.each)?\\b[^]*?['\`]${escaped(proof.test)}`).test(text),
  }).toEqual({
    proof,
    found: true,
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

test('what is reserved is sent by nobody', () => {
  const reserved = proofs
    .filter(({ why }) => why.startsWith('reserved'))
    .map(({ row }) => row.slice(row.indexOf(':') + 1));
  expect(reserved).not.toEqual([]);
  const sources = ['gateway/src', 'workers/src'].flatMap((folder) => filesBelow(join(root, folder)));
  const sending = new RegExp(`(?<![\\w.'])(${reserved.join('|')})(?!\\w)`);
  const senders = sources.filter((file) => sending.test(code(readFileSync(file, 'utf8'))));
  expect(senders).toEqual([]);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing'))
    .map((name) => join(folder, name));
}

function code(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
}

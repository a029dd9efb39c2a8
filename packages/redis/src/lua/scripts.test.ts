import { readFileSync } from 'node:fs';
import { GENERATED_FILE, generateScripts } from './lua-source.ts';

test('the embedded scripts are those of the .lua files (else run packages/redis/scripts/embed-lua.ts)', () => {
  expect(readFileSync(GENERATED_FILE, 'utf8')).toBe(generateScripts());
});

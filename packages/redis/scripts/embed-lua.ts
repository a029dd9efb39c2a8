// Writes src/lua/scripts.generated.ts from every .lua file beside a noun. Run after changing one:
//   tools/run packages/redis/scripts/embed-lua.ts
import { writeFileSync } from 'node:fs';
import { GENERATED_FILE, generateScripts } from '../src/lua/lua-source.ts';

writeFileSync(GENERATED_FILE, generateScripts());
console.log(`wrote ${GENERATED_FILE}`);

// Writes the generated CRD: `tools/run operator/src/api/generate.ts`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crdChartTemplate, CRD_FILE, crdYaml } from './crd.ts';

const root = new URL('../../../', import.meta.url);

for (const [path, text] of [
  [`crds/${CRD_FILE}`, crdYaml()],
  ['charts/chatplatform-operator/templates/crd.yaml', crdChartTemplate()],
] as const) {
  const file = fileURLToPath(new URL(path, root));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

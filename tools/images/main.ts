// The one entry of the chat image: `main.js gateway|worker|operator|chatctl|web-chat [ARG...]` runs that program.
// Only the chosen program's code is loaded.
import { join } from 'node:path';

const PROGRAMS: Record<string, (argv: string[]) => Promise<void>> = {
  gateway: async (argv) => (await import('@chatplatform/gateway')).main(argv),
  worker: async (argv) => (await import('@chatplatform/workers')).main(argv),
  operator: async (argv) => (await import('@chatplatform/operator')).main(argv),
  // For who looks at a platform from inside: its brokers have names that only pods know.
  chatctl: async (argv) => (await import('@chatplatform/cli')).main(argv),
  'web-chat': async (argv) => {
    const { main } = await import('../../examples/web-chat/src/server/main.ts');
    // The image carries the page beside this file.
    await main(['--page', join(import.meta.dirname, 'web-chat'), ...argv]);
  },
};

const [name = '', ...argv] = process.argv.slice(2);
const program = PROGRAMS[name];
if (program === undefined) {
  process.stderr.write(
    `'${name}' is no program of this image; give one of: ${Object.keys(PROGRAMS).join(', ')}\n`,
  );
  process.exit(64);
}
await program(argv);

// The one entry of the chat image: `main.js gateway|worker|operator [ARG...]` runs that program.
// Only the chosen program's code is loaded.
const PROGRAMS: Record<string, (argv: string[]) => Promise<void>> = {
  gateway: async (argv) => (await import('@chatplatform/gateway')).main(argv),
  worker: async (argv) => (await import('@chatplatform/workers')).main(argv),
  operator: async (argv) => (await import('@chatplatform/operator')).main(argv),
};

const [name = '', ...argv] = process.argv.slice(2);
const program = PROGRAMS[name];
if (program === undefined) {
  process.stderr.write(`'${name}' is no program of this image; give one of: ${Object.keys(PROGRAMS).join(', ')}\n`);
  process.exit(64);
}
await program(argv);

// Completes package-lock.json with the platform packages that the registry at hand does not offer.
//
//   tools/run tools/deps/complete-lock.ts           writes the lockfile
//   tools/run tools/deps/complete-lock.ts --check   fails when the lockfile lacks one
//
// Native tools (formatter, linter, bundler) name one optional package per platform. A registry that mirrors only
// some of them makes `npm install` leave the others out of the lockfile, and `npm ci` then refuses the lockfile on
// every machine. An entry with version, os, cpu and libc is all it needs: npm skips it wherever it does not fit.
import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface PlatformEntry {
  readonly version: string;
  readonly cpu?: readonly string[];
  readonly dev?: true;
  readonly libc?: readonly string[];
  readonly license?: string;
  readonly optional: true;
  readonly os?: readonly string[];
}

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];
/** Names that do not tell their platform. */
const KNOWN_SYSTEM: Readonly<Record<string, string>> = { fsevents: 'darwin' };

const target = new URL('../../package-lock.json', import.meta.url);

/** `os`, `cpu` and `libc` of a platform package, read from its name, as all of them are named. */
function platformOf(name: string): Pick<PlatformEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/);
  const os = KNOWN_SYSTEM[name] ?? words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  const musl = words.some((word) => word.startsWith('musl'));
  return {
    ...(os !== undefined && { os: [os] }),
    ...(cpu !== undefined && { cpu: [cpu] }),
    ...(musl && { libc: ['musl'] }),
  };
}

/** Where npm would look for `name` from the package at `path`: beside it, then further up. */
function isThere(packages: Readonly<Record<string, Entry>>, path: string, name: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (!folder.includes('/node_modules/')) return packages[`node_modules/${name}`] !== undefined;
  }
}

function missing(packages: Readonly<Record<string, Entry>>): Record<string, PlatformEntry> {
  const found: Record<string, PlatformEntry> = {};
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      const exact = /^\d+\.\d+\.\d+[^ ]*$/.test(version);
      if (isThere(packages, path, name) || !exact || Object.keys(platform).length === 0) continue;
      found[`node_modules/${name}`] = {
        version,
        ...platform,
        ...(entry.dev && { dev: true }),
        // A platform package is a part of the package that names it.
        ...(entry.license !== undefined && { license: entry.license }),
        optional: true,
      };
    }
  }
  return found;
}

const lock = JSON.parse(readFileSync(target, 'utf8')) as { packages: Record<string, Entry> };
const added = missing(lock.packages);
const names = Object.keys(added);
if (process.argv.includes('--check')) {
  if (names.length > 0) {
    console.error(
      `package-lock.json lacks ${names.length} platform packages (${names[0]}, ...): run \`make generate\``,
    );
    process.exitCode = 1;
  }
} else if (names.length > 0) {
  const packages = Object.fromEntries(
    Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  writeFileSync(target, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
  console.error(`package-lock.json: added ${names.length} platform packages`);
}

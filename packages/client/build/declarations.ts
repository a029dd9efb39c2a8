import { dirname, join } from 'node:path';
import ts from 'typescript';

/** One name that a package exports. */
export interface Exported {
  readonly name: string;
  /** Exported as a type only: a class that users may name, not construct. */
  readonly typeOnly: boolean;
  /** Its declarations with their comments, without `export` and `declare`. */
  readonly documented: string;
  /** The same without comments. */
  readonly bare: string;
  /** Is it a type by nature (interface, alias)? */
  readonly isType: boolean;
}

/** The public declarations of a package. */
export interface Declarations {
  readonly exported: readonly Exported[];
  /** `A needs B`, where B is declared here and not exported: nobody could name it. */
  readonly forgotten: readonly string[];
}

const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, 'packages', 'client');
/** Where the declarations would be; they stay in memory. Below the root, so that packages are found from there. */
const VIRTUAL = join(root, '.declarations');

/** Reads what the package exports from its source, members marked `@internal` left out. */
export function readDeclarations(): Declarations {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(folder, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    folder,
  );
  const plain = { ...options, composite: false, incremental: false, declarationMap: false, sourceMap: false };
  const files = emitDeclarations({ ...plain, rootDir: root, outDir: VIRTUAL, emitDeclarationOnly: true });
  const entry = join(VIRTUAL, 'packages', 'client', 'src', 'index.d.ts');
  const check = { ...plain, declaration: false, noEmit: true, rootDir: root };
  return describe(ts.createProgram([entry], check, hostWith(files, check)), entry);
}

function emitDeclarations(options: ts.CompilerOptions): Map<string, string> {
  const files = new Map<string, string>();
  const program = ts.createProgram([join(folder, 'src', 'index.ts')], options);
  program.emit(undefined, (path, text) => files.set(path, text), undefined, true);
  return files;
}

function hostWith(files: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const folders = new Set([...files.keys()].map((path) => dirname(path)));
  return {
    ...host,
    fileExists: (path) => files.has(path) || host.fileExists(path),
    readFile: (path) => files.get(path) ?? host.readFile(path),
    directoryExists: (path) =>
      folders.has(path) || path === VIRTUAL || (host.directoryExists?.(path) ?? true),
    getSourceFile: (path, language, ...rest) => {
      const text = files.get(path);
      return text === undefined
        ? host.getSourceFile(path, language, ...rest)
        : ts.createSourceFile(path, text, language, true);
    },
  };
}

function describe(program: ts.Program, entry: string): Declarations {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!);
  if (!module) throw new Error(`${entry} exports nothing`);
  const found = checker.getExportsOfModule(module).map((symbol) => ({
    symbol,
    target: targetOf(checker, symbol),
  }));
  const known = new Set(found.map(({ target }) => target));
  const forgotten = new Set<string>();
  const exported = found.map(({ symbol, target }) => {
    const statements = statementsOf(target);
    if (statements.length === 0)
      throw new Error(`the declaration of ${symbol.name} was not found; is everything installed?`);
    for (const statement of statements) {
      for (const needed of needsOf(checker, statement))
        if (!known.has(needed)) forgotten.add(`${symbol.name} needs ${needed.name}`);
    }
    return {
      name: symbol.name,
      typeOnly: isTypeOnly(symbol),
      documented: statements.map(documentedText).join('\n'),
      bare: statements.map(bareText).join('\n'),
      isType: statements.every((node) => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)),
    };
  });
  return { exported: exported.toSorted((a, b) => (a.name < b.name ? -1 : 1)), forgotten: [...forgotten] };
}

function targetOf(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function isTypeOnly(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).some(
    (node) => ts.isExportSpecifier(node) && (node.isTypeOnly || node.parent.parent.isTypeOnly),
  );
}

/** The statements of a module that declare a symbol. */
function statementsOf(symbol: ts.Symbol): ts.Node[] {
  return (symbol.declarations ?? []).map((node) =>
    ts.isVariableDeclaration(node) ? node.parent.parent : node,
  );
}

/** Declarations of this project at the top of a module that a statement names. */
function needsOf(checker: ts.TypeChecker, statement: ts.Node): Set<ts.Symbol> {
  const needed = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
    const target = symbol && targetOf(checker, symbol);
    if (target && statementsOf(target).some(isOurs)) needed.add(target);
    ts.forEachChild(node, visit);
  };
  visit(statement);
  return needed;
}

function isOurs(node: ts.Node): boolean {
  return ts.isSourceFile(node.parent) && !node.getSourceFile().fileName.includes('/node_modules/');
}

const EXPORT = /^export (declare )?/;

function documentedText(node: ts.Node): string {
  const comments = node.getFullText().slice(0, node.getStart() - node.getFullStart());
  const own = comments.slice(Math.max(0, comments.lastIndexOf('/**'))).trim();
  return `${own}\n${node.getText().replace(EXPORT, '')}`.trim();
}

function bareText(node: ts.Node): string {
  const printer = ts.createPrinter({ removeComments: true });
  const text = printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
  return text.replace(EXPORT, '').replaceAll(/^ *#private;\n/gm, '');
}

// Allowed imports: infra → apps, services → packages, none out of a member's folder, none of
// undeclared dependencies.
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { filesBelow, type Import, importsOf, type Kind, type Member, members, packageOf, read } from './tree.ts';

const ALLOWED: Record<Kind, Kind[]> = {
  packages: [],
  apps: ['packages'],
  services: ['packages'],
  infra: ['infra', 'services', 'apps', 'packages'],
};
/** The only packages that import a package. */
const ALLOWED_PACKAGES: Record<string, string[]> = {
  'packages/bus': ['packages/kit'],
  'packages/react': ['packages/client'],
};

const allowed = (from: Member, to: Member): boolean =>
  ALLOWED[from.kind].includes(to.kind) || ALLOWED_PACKAGES[from.dir]?.includes(to.dir) === true;

const leavesFolder = (dir: string, file: string, specifier: string): boolean =>
  relative(dir, join(dirname(file), specifier)).startsWith('..');

function undeclared(member: Member, file: string, { specifier, typeOnly }: Import, atRoot: string[]): boolean {
  const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = member.manifest;
  const name = packageOf(specifier);
  if (name in dependencies || name in peerDependencies || name === member.manifest.name) return false;
  // An app is a bundle: at run time it needs nothing.
  const inProduct = member.kind !== 'infra' && member.kind !== 'apps' && file.startsWith(`${member.dir}/src/`);
  if (inProduct && !typeOnly) return true;
  return !(name in devDependencies || `@types/${name}` in devDependencies || (!inProduct && atRoot.includes(name)));
}

function faultOf(member: Member, all: Member[], file: string, found: Import, atRoot: string[]): string | undefined {
  const { specifier } = found;
  if (specifier.startsWith('.')) {
    if (leavesFolder(member.dir, file, specifier)) return `reaches out of ${member.dir}: ${specifier}`;
    return /\.(?:tsx?|mjs|json)$/.test(specifier) ? undefined : `relative import without an ending: ${specifier}`;
  }
  if (specifier.startsWith('/')) return `absolute import: ${specifier}`;
  if (specifier.startsWith('node:')) return undefined;
  if (builtinModules.includes(packageOf(specifier))) return `built-in module without node: ${specifier}`;
  const target = all.find(({ manifest }) => manifest.name === packageOf(specifier));
  if (target !== undefined && target !== member && !allowed(member, target))
    return `${member.kind} may not import ${target.dir}`;
  return undeclared(member, file, found, atRoot) ? `not declared in package.json: ${specifier}` : undefined;
}

export function importFaults(root: string): string[] {
  const all = members(root);
  const atRoot = Object.keys(JSON.parse(read(root, 'package.json')).devDependencies ?? {});
  return all.flatMap((member) =>
    filesBelow(root, member.dir).flatMap((file) =>
      importsOf(read(root, file))
        .map((found) => faultOf(member, all, file, found, atRoot))
        .filter((fault) => fault !== undefined)
        .map((fault) => `${file}: ${fault}`),
    ),
  );
}

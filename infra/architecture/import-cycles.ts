// Finds import cycles, type imports included, between files and between the folders of a service.
import { dirname, join, relative } from 'node:path';
import { filesBelow, importsOf, members, read } from './tree.ts';

type Graph = Map<string, string[]>;

function fileGraph(root: string, dir: string): Graph {
  const graph: Graph = new Map();
  for (const file of filesBelow(root, dir)) {
    const near = importsOf(read(root, file)).filter((found) => found.specifier.startsWith('.'));
    graph.set(
      file,
      near.map(({ specifier }) => join(dirname(file), specifier)),
    );
  }
  return graph;
}

/** Files outside folders (main, context, …) may import any folder and be imported by any. */
function folderGraph(root: string, src: string): Graph {
  const folderOf = (file: string): string | undefined => /^([^/.]+)\//.exec(relative(src, file))?.[1];
  const graph: Graph = new Map();
  for (const [file, targets] of fileGraph(root, src)) {
    const from = folderOf(file);
    if (from === undefined) continue;
    const others = targets.map(folderOf).filter((to) => to !== undefined && to !== from) as string[];
    graph.set(from, [...(graph.get(from) ?? []), ...others]);
  }
  return graph;
}

/** The first cycle found from each file or folder. */
function cycles(graph: Graph): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (node: string, path: string[]): void => {
    const start = path.indexOf(node);
    if (start !== -1) {
      found.push([...path.slice(start), node].join(' → '));
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return found;
}

export const cycleFaults = (root: string): string[] => members(root).flatMap(({ dir }) => cycles(fileGraph(root, dir)));

export const folderFaults = (root: string): string[] =>
  members(root).flatMap(({ dir }) => cycles(folderGraph(root, `${dir}/src`)).map((cycle) => `${dir}: ${cycle}`));

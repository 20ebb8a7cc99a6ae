// Owns: finding files that import each other in a circle, so that one may run before what it needs.
// Type imports do not count: they are gone when the code runs, and every rule names its service's Context.
import { dirname, join } from 'node:path';
import { filesBelow, importsOf, members, read } from './tree.ts';

type Graph = Map<string, string[]>;

function graphOf(root: string): Graph {
  const graph: Graph = new Map();
  for (const { dir } of members(root)) {
    for (const file of filesBelow(root, dir)) {
      const near = importsOf(read(root, file)).filter((found) => !found.typeOnly && found.specifier.startsWith('.'));
      graph.set(
        file,
        near.map(({ specifier }) => join(dirname(file), specifier)),
      );
    }
  }
  return graph;
}

/** The first circle met from each file, named once; empty when there is none. */
export function cycleFaults(root: string): string[] {
  const graph = graphOf(root);
  const done = new Set<string>();
  const faults: string[] = [];
  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file);
    if (start !== -1) {
      faults.push([...path.slice(start), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return faults;
}

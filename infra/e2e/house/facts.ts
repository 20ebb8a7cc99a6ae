// Owns: whether who is to hear a fact has a handler for it, and whether a fact is told by its owner alone.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { servicesOf } from './services.ts';
import { filesBelow, read, withoutComments } from './tree.ts';

export interface CatalogEntry {
  from: string;
  heard_by: readonly string[];
}
export type Catalog = Record<string, CatalogEntry>;

export async function catalogOf(root: string): Promise<Catalog> {
  const { FACTS } = (await import(pathToFileURL(join(root, 'packages', 'bus', 'src', 'catalog.ts')).href)) as {
    FACTS: Catalog;
  };
  return FACTS;
}

const handles = (text: string, fact: string): boolean =>
  new RegExp(`['"]${fact.replace('.', '\\.')}['"]\\s*[:(]`).test(text);

function unheard(root: string, catalog: Catalog): string[] {
  const facts = Object.entries(catalog).flatMap(([fact, { heard_by }]) =>
    heard_by.map((service) => ({ fact, service })),
  );
  return facts
    .filter(({ fact, service }) => {
      const path = `services/${service}/src/facts.ts`;
      return !existsSync(join(root, path)) || !handles(withoutComments(read(root, path)), fact);
    })
    .map(({ fact, service }) => `${service} must hear ${fact} and has no handler for it in facts.ts`);
}

const TOLD = /\b(?:tellFact|outboxRow)\(\s*(?:[\w.]+\s*,\s*)?'([^']+)'/g;

function told(root: string): { service: string; fact: string; file: string }[] {
  return servicesOf(root).flatMap((service) =>
    filesBelow(root, `services/${service}/src`).flatMap((file) =>
      [...read(root, file).matchAll(TOLD)].map(([, fact]) => ({ service, fact: fact as string, file })),
    ),
  );
}

export function factFaults(root: string, catalog: Catalog): string[] {
  const foreign = told(root)
    .filter(({ service, fact }) => catalog[fact]?.from !== service)
    .map(({ service, fact, file }) => `${file}: ${service} tells ${fact}, which is not its own`);
  return [...unheard(root, catalog), ...foreign];
}

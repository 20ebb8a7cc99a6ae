// Checks that every subscriber of a fact has a handler and that only its owners publish it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { servicesOf } from './services.ts';
import { filesBelow, read, withoutComments } from './tree.ts';

interface CatalogEntry {
  from: string | readonly string[];
  heard_by: readonly string[];
}
export type Catalog = Record<string, CatalogEntry>;

export async function catalogOf(root: string): Promise<Catalog> {
  const { FACTS } = (await import(pathToFileURL(join(root, 'packages', 'bus', 'src', 'fact-types.ts')).href)) as {
    FACTS: Catalog;
  };
  return FACTS;
}

const handles = (text: string, fact: string): boolean =>
  new RegExp(`['"]${fact.replace('.', '\\.')}['"]\\s*[:(]`).test(text);

function withoutHandler(root: string, catalog: Catalog): string[] {
  const facts = Object.entries(catalog).flatMap(([fact, { heard_by }]) =>
    heard_by.map((service) => ({ fact, service })),
  );
  return facts
    .filter(({ fact, service }) => {
      const path = `services/${service}/src/facts.ts`;
      return !existsSync(join(root, path)) || !handles(withoutComments(read(root, path)), fact);
    })
    .map(({ fact, service }) => `${service} subscribes to ${fact} and has no handler in facts.ts`);
}

const PUBLISH = /\b(?:recordFacts?|factColumns)\(\s*(?:[\w.]+\s*,\s*)?'([^']+)'/g;

export function publishedFacts(root: string): { service: string; fact: string; file: string }[] {
  return servicesOf(root).flatMap((service) =>
    filesBelow(root, `services/${service}/src`).flatMap((file) =>
      [...read(root, file).matchAll(PUBLISH)].map(([, fact]) => ({ service, fact: fact as string, file })),
    ),
  );
}

export function factFaults(root: string, catalog: Catalog): string[] {
  const foreign = publishedFacts(root)
    .filter(({ service, fact }) => ![catalog[fact]?.from].flat().includes(service))
    .map(({ service, fact, file }) => `${file}: ${service} publishes ${fact}, which is not its own`);
  return [...withoutHandler(root, catalog), ...foreign];
}

// The container images: each service that docker-compose.yml builds.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface ComposeService {
  image: string;
  build?: { args: { SERVICE: string } };
}

export interface Image {
  /** Folder of the service below `services/`. */
  service: string;
  /** `chatapi/auth:0.1.0` */
  tag: string;
}

export function imagesOf(root: string, version: string): Image[] {
  const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, ComposeService>;
  };
  const tags = new Map<string, string>();
  for (const { image, build } of Object.values(compose.services))
    if (build !== undefined) tags.set(build.args.SERVICE, image.replace(/:.*$/s, `:${version}`));
  return [...tags].map(([service, tag]) => ({ service, tag })).sort((a, b) => a.tag.localeCompare(b.tag));
}

// Writes the generated documentation: node --conditions=source infra/architecture/write.ts
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentExample, referenceBlock, withBlock } from './reference.ts';
import { servicesOf } from './services.ts';
import { REPO, read } from './tree.ts';

writeFileSync(join(REPO, '.env.example'), await environmentExample(REPO));
for (const service of servicesOf(REPO)) {
  const readme = `services/${service}/README.md`;
  if (!existsSync(join(REPO, readme))) continue;
  writeFileSync(join(REPO, readme), withBlock(read(REPO, readme), await referenceBlock(REPO, service)));
}
process.exit(0);

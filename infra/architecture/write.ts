// Writes what is generated, documentation and manifests:
// node --conditions=source infra/architecture/write.ts
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPOSITIONS, hasKubectl, render, renderedPath } from './deploy/manifests.ts';
import { PROMETHEUS_RULE, prometheusRule } from './deploy/prometheus-rule.ts';
import { environmentExample, referenceBlock, withBlock } from './reference.ts';
import { servicesOf } from './services.ts';
import { REPO, read } from './tree.ts';

writeFileSync(join(REPO, '.env.example'), await environmentExample(REPO));
for (const service of servicesOf(REPO)) {
  const readme = `services/${service}/README.md`;
  if (!existsSync(join(REPO, readme))) continue;
  writeFileSync(join(REPO, readme), withBlock(read(REPO, readme), await referenceBlock(REPO, service)));
}
writeFileSync(join(REPO, PROMETHEUS_RULE), prometheusRule());
mkdirSync(join(REPO, 'k8s', 'rendered'), { recursive: true });
if (hasKubectl())
  for (const [name, composition] of Object.entries(COMPOSITIONS))
    writeFileSync(join(REPO, renderedPath(name)), render(composition));
else process.stderr.write('no kubectl: k8s/rendered was not written\n');
process.exit(0);

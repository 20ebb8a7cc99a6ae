// Prints how many PostgreSQL connections each deployment may open: npm run connections
import { budgets, describeBudget, fits } from './deploy/connections.ts';

const all = await budgets();
process.stdout.write(`${all.map(describeBudget).join('\n\n')}\n`);
for (const { name } of all.filter((budget) => !fits(budget)))
  process.stderr.write(`${name} needs more than max_connections: raise it, or lower maxReplicas or DATABASE_POOL\n`);
process.exit(all.every(fits) ? 0 : 1);

// Migrates the schema: `node dist/migrate-main.js`. The service may run meanwhile.
import { migrateCommand } from '@chatapi/kit/data';
import { migrationConfig } from './config.ts';
import { schema } from './migrations/index.ts';

await migrateCommand('integration', migrationConfig(), schema);

// Rebuilds the statistics: `node dist/rebuild-main.js`, with the environment of the admin service,
// which may run meanwhile.

import { createLog, createMetrics, newId } from '@chatapi/kit';
import { createServiceKeys } from '@chatapi/kit/auth';
import { openDb } from '@chatapi/kit/data';
import { createHttpClient } from '@chatapi/kit/rpc';
import { config as readSettings } from './config.ts';
import { rebuildStatistics } from './statistics-rebuild.ts';

const config = readSettings();
const keys = createServiceKeys('admin', config);
const db = openDb(config, 'admin', 'admin-rebuild');
try {
  const ctx = {
    db,
    log: createLog('admin', 'rebuild', config.LOG_LEVEL),
    metrics: createMetrics('admin', 'rebuild'),
    auth: createHttpClient('auth', config.AUTH_INTERNAL_URL, keys),
    message: createHttpClient('message', config.MESSAGE_INTERNAL_URL, keys),
    file: createHttpClient('file', config.FILE_INTERNAL_URL, keys),
  };
  await rebuildStatistics(ctx, { caller: { user_id: 'command' }, ip: '', request_id: newId('req') });
} finally {
  await db.destroy();
}

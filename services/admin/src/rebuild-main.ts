// Rebuilds the statistics: `node dist/rebuild-main.js`, with the environment of the admin service,
// which may run meanwhile.

import { createLog, createMetrics, newId } from '@chatapi/kit';
import { identityKey } from '@chatapi/kit/auth';
import { openDb } from '@chatapi/kit/data';
import { createHttpClient } from '@chatapi/kit/rpc';
import { config as readSettings } from './config.ts';
import { rebuildStatistics } from './statistics-rebuild.ts';

const config = readSettings();
const key = identityKey(config.INTERNAL_SECRET_KEY);
const db = openDb(config, 'admin', 'admin-rebuild');
try {
  const ctx = {
    db,
    log: createLog('admin', 'rebuild', config.LOG_LEVEL),
    metrics: createMetrics('admin', 'rebuild'),
    auth: createHttpClient('auth', config.AUTH_INTERNAL_URL, key, 'admin'),
    message: createHttpClient('message', config.MESSAGE_INTERNAL_URL, key, 'admin'),
    file: createHttpClient('file', config.FILE_INTERNAL_URL, key, 'admin'),
  };
  await rebuildStatistics(ctx, { caller: { user_id: 'command' }, ip: '', request_id: newId('req') });
} finally {
  await db.destroy();
}

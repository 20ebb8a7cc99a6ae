// The command that counts the statistics anew, with admin's own environment: `node dist/rebuild-main.js`. Admin may run meanwhile.
import { identityKey, newId, openDb, openLog, openPeer } from '@chatapi/kit';
import { config as readSettings } from './config.ts';
import { rebuildStatistics } from './rebuild.ts';

const config = readSettings();
const key = identityKey(config.INTERNAL_SECRET_KEY);
const db = openDb(config, 'admin', 'admin-rebuild');
try {
  const ctx = {
    db,
    log: openLog('admin', 'rebuild', config.LOG_LEVEL),
    auth: openPeer('auth', config.AUTH_INTERNAL_URL, key, 'admin'),
    message: openPeer('message', config.MESSAGE_INTERNAL_URL, key, 'admin'),
    file: openPeer('file', config.FILE_INTERNAL_URL, key, 'admin'),
  };
  await rebuildStatistics(ctx, { caller: { user_id: 'command' }, ip: '', request_id: newId('req') });
} finally {
  await db.destroy();
}

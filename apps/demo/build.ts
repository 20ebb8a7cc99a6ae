// Builds the page: `npm start` and the image run it.
import { type App, buildApp } from '@chatapi/page/build';

export const DEMO: App = {
  dir: import.meta.dirname,
  name: 'demo',
  neverLoaded: ['tools.ts', 'users.ts', 'tabs.ts', 'sse-socket.ts'],
  together: ['upload.ts'],
  unused: {
    'state/members.ts': 'export class Members {}',
    // Browsers have FormData.
    'multipart.ts': 'export const multipart = () => ({});',
  },
};

if (process.argv[1] === import.meta.filename) await buildApp(DEMO);

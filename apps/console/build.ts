// Builds the page: `npm start` and the image run it.
import { type App, buildApp } from '@chatapi/page/build';

export const CONSOLE: App = {
  dir: import.meta.dirname,
  name: 'console',
  neverLoaded: ['users.ts', 'tabs.ts', 'upload.ts', 'sse-socket.ts'],
  together: ['tools.ts'],
  unused: {
    'room-events.ts': 'export class EventsApi {}',
    'multipart.ts': 'export const multipart = () => ({});',
  },
};

if (process.argv[1] === import.meta.filename) await buildApp(CONSOLE);

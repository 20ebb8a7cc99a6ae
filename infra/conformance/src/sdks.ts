// The SDKs: how to start the driver of each, and how to run a sample of its README.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { python, REPO } from '@chatapi/local';

export interface Command {
  file: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

export interface Sdk {
  name: string;
  language: 'python' | 'typescript';
  /** Each call blocks a thread, so that calls made at once begin in any order. */
  isBlocking?: boolean;
  driver(): Command;
}

export interface Language {
  name: Sdk['language'];
  /** The code samples of the SDK's README, in order. */
  samples(): string[];
  run(code: string): Command;
  bot(): Command;
  /** Appended to the first sample, to show that it receives a message and to end it. */
  receives: string;
}

const DRIVERS = join(import.meta.dirname, '..', 'drivers');

function pythonCommand(args: string[]): Command {
  const { file, env } = python();
  return { file, args, cwd: REPO, env };
}

/** In the folder of this package, where the SDK can be imported by name. */
const nodeCommand = (args: string[]): Command => ({
  file: process.execPath,
  args: ['--conditions=source', ...args],
  cwd: join(DRIVERS, '..'),
  env: process.env,
});

const pythonSdk = (mode: 'asyncio' | 'sync' | 'stores'): Sdk => ({
  name: `python-${mode}`,
  language: 'python',
  isBlocking: mode === 'sync',
  driver: () => pythonCommand([join(DRIVERS, 'python', 'main.py'), mode]),
});

const fenced = (member: string, fence: string): string[] =>
  [
    ...readFileSync(join(REPO, 'packages', member, 'README.md'), 'utf8').matchAll(
      new RegExp(`^\`\`\`${fence}\\n(.*?)^\`\`\`$`, 'gms'),
    ),
  ].map(([, code]) => code as string);

const typescriptSdk: Sdk = {
  name: 'typescript',
  language: 'typescript',
  driver: () => nodeCommand(['--expose-gc', join(DRIVERS, 'typescript', 'main.ts')]),
};

/** What an app shows by the stores of the SDKs. They have only commands of connections. */
const stores: Sdk = {
  name: 'typescript-stores',
  language: 'typescript',
  driver: () => nodeCommand(['--expose-gc', join(DRIVERS, 'typescript', 'main.ts'), 'stores']),
};

/** With the stores, for scenarios about what an app sees; or the one named by `SDK`. */
export const VIEWERS: Sdk[] = [
  pythonSdk('asyncio'),
  pythonSdk('sync'),
  typescriptSdk,
  stores,
  pythonSdk('stores'),
].filter(({ name }) => name === (process.env.SDK ?? name));

/** All SDKs, or the one named by the environment variable `SDK`. */
export const SDKS: Sdk[] = [pythonSdk('asyncio'), pythonSdk('sync'), typescriptSdk].filter(
  ({ name }) => name === (process.env.SDK ?? name),
);

export const LANGUAGES: Language[] = [
  {
    name: 'python',
    samples: () => fenced('client-python', 'python'),
    run: (code) => pythonCommand(['-c', code]),
    bot: () => pythonCommand([join(REPO, 'examples', 'python-bot', 'bot.py')]),
    receives: `
import threading
heard = threading.Event()
ws.on_message(lambda _: heard.set())
ws.wait_ready()
ws.send(chat_id='room_123', content='heard')
assert heard.wait(60)
client.close()`,
  },
  {
    name: 'typescript',
    samples: () => fenced('client', 'javascript'),
    run: (code) => nodeCommand(['--input-type=module', '--eval', code]),
    bot: () => nodeCommand([join(REPO, 'examples', 'node-bot', 'bot.js')]),
    receives: `
await ws.ready();
const heard = ws.once('message');
await ws.send({ chat_id: 'room_123', content: 'heard' });
await heard;
await client.close();`,
  },
];

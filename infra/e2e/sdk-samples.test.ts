// The samples of the SDK's README, of which the first is the seed's, and the bot: as they stand, but for address, token and
// names, which are the test's own.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPO } from '@chatapi/local';
import { expect } from 'chai';
import { door } from './cluster.ts';
import { closeClients, type Person, someone } from './sdk.ts';

const README = readFileSync(join(REPO, 'packages', 'client', 'README.md'), 'utf8');
const SAMPLES = [...README.matchAll(/^```javascript\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string);
const PASSWORD = 'copper-violet-meadow-27';

interface Run {
  child: ChildProcess;
  said: string;
  ended: Promise<number | null>;
}

const running: ChildProcess[] = [];

function run(args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, ['--conditions=source', ...args], { cwd, env: { ...process.env, ...env } });
  running.push(child);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const started: Run = { child, said: '', ended };
  const keep = (chunk: Buffer): void => {
    started.said += chunk.toString();
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return started;
}

async function says(started: Run, text: string): Promise<void> {
  for (const end = Date.now() + 20_000; !started.said.includes(text); await sleep(20))
    if (Date.now() > end) throw new Error(`"${text}" was not said, but:\n${started.said}`);
}

describe('the samples of the TypeScript SDK', function () {
  this.timeout(60_000);
  let john: Person;
  let username: string;

  beforeEach(async () => {
    john = await someone(door());
    username = john.session.user.username;
  });
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill();
    await closeClients();
  });

  function sample(index: number): Run {
    const ours: Record<string, string> = {
      'http://localhost:8000': door(),
      'your-jwt-token': john.session.access_token,
      user_123: john.id,
      johndoe: username,
      securepassword123: PASSWORD,
    };
    let text = SAMPLES[index] as string;
    for (const [theirs, mine] of Object.entries(ours)) text = text.replaceAll(theirs, mine);
    // From this folder, where the package's name is known.
    return run(['--input-type=module', '--eval', text], import.meta.dirname);
  }

  it('are four', () => expect(SAMPLES).to.have.length(4));

  it('of the seed sends, connects and hears', async () => {
    const started = sample(0);
    for (const end = Date.now() + 20_000; ; await sleep(50)) {
      const { items } = await john.client.messages.list({ chat_id: 'room_123', limit: 1 }).catch(() => ({ items: [] }));
      if (items[0]?.sender_id === john.id) {
        expect(items[0].content).to.equal('Hello everyone!');
        break;
      }
      if (Date.now() > end) throw new Error(started.said);
    }
    // Until it is connected; what comes before that is not new to it.
    for (let i = 0; !started.said.includes('New message:') && i < 100; i++, await sleep(100))
      await john.client.messages.send({ chat_id: 'room_123', content: 'heard' });
    expect(started.said).to.include("content: 'heard'");
    expect(started.child.exitCode, 'it goes on listening').to.equal(null);
  });

  it('of realtime connects, sends, hears and ends', async () => {
    const started = sample(1);
    expect(await started.ended, started.said).to.equal(0);
    expect(started.said)
      .to.match(/^connecting/m)
      .and.to.match(/^connected/m);
    expect(started.said)
      .to.match(/^committed at \d+$/m)
      .and.to.match(/^New message: Hello from Node!$/m);
  });

  it('of errors shows one', async () => {
    const started = sample(2);
    expect(await started.ended, started.said).to.equal(0);
    expect(started.said).to.include('VALIDATION_ERROR 400');
  });

  it('of files and history uploads and reads', async () => {
    const started = sample(3);
    expect(await started.ended, started.said).to.equal(0);
    expect(started.said).to.include('22 of 22 bytes').and.to.include('The minutes');
  });

  it('the bot answers, by name', async () => {
    const dir = join(REPO, 'examples', 'node-bot');
    const env = { CHATAPI_URL: door(), CHATAPI_USER: username, CHATAPI_PASSWORD: PASSWORD };
    await says(run(['bot.js'], dir, env), 'listening');
    const other = (await someone(door())).client.websocket.connect();
    const asked = await other.send({ recipient_id: john.id, content: 'hello' });
    for await (const { type, data } of other.events()) {
      if (type !== 'message' || data.sender_id !== john.id) continue;
      expect(data).to.include({ content: 'You said: hello', reply_to: asked.id });
      break;
    }
  });
});

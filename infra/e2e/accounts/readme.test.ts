// The commands and the code of the README's section "Bring your own users", as they stand there.
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REPO } from '@chatapi/local';
import { expect } from 'chai';
import { ADMIN, gateway } from '../support/cluster.ts';
import { adminAs, samplesOf } from '../support/readme.ts';
import '../support/shared-cluster.ts';

const README = readFileSync(join(REPO, 'README.md'), 'utf8');
const SECTION = /^## Bring your own users\n(.*?)^## /ms.exec(README)?.[1] ?? '';
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };

/** HS256, as an application makes one. */
function jwtOf(secret: string, claims: object): string {
  const encoded = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signed = encoded.join('.');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

describe('the README’s “Bring your own users”', function () {
  this.timeout(60_000);
  const [commands = '', exchange = ''] = samplesOf(SECTION, 'sh');
  const [code = ''] = samplesOf(SECTION, 'javascript');
  const shell = (script: string, more: NodeJS.ProcessEnv = {}): string =>
    execFileSync('bash', ['-euo', 'pipefail', '-c', adminAs(script, gateway(), ADMIN)], {
      env: { ...env, ...more },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const tokenIn = (told: string) => JSON.parse(told.slice(told.lastIndexOf('{"access_token"')));

  it('makes a key, brings a user and mints a token with curl', () => {
    const minted = tokenIn(shell(commands));
    expect(minted).to.include({ token_type: 'bearer', expires_in: 3600 });
    expect(minted.user).to.include({ external_id: 'customer-4711', display_name: 'Ann' });
  });

  it('connects with the SDKs of both sides', () => {
    const CODE = `${code
      .replaceAll('http://localhost:8000', gateway())
      .replace('await ws.send', "const heard = ws.once('message');\nawait ws.send")}
      await heard;
      await client.close();`;
    const place = join(REPO, 'infra', 'e2e');
    const run = `cd ${place} && timeout 30 node --conditions=source --input-type=module --eval "$CODE"`;
    expect(shell(`${commands}\n${run}`, { CODE })).to.match(/Hello from Ann\n$/);
  });

  it('exchanges a JWT of the application', () => {
    const secret = /"secret":"([^"]+)"/.exec(exchange)?.[1] as string;
    const exp = Math.floor(Date.now() / 1000) + 600;
    const jwt = jwtOf(secret, { iss: 'https://shop.example.com', aud: 'chatapi', sub: 'customer-4712', exp });
    const answer = tokenIn(shell(`${commands}\n${exchange}`, { JWT: jwt }));
    expect(answer.user.external_id).to.equal('customer-4712');
    expect(answer.expires_in).to.be.within(500, 660);
  });

  it('is tested whole', () => {
    expect(samplesOf(SECTION, 'sh')).to.have.length(2);
    expect(samplesOf(SECTION, 'javascript')).to.have.length(1);
  });
});

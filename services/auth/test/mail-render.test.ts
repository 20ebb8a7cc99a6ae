import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { linkTo } from '../src/mail/links.ts';
import { LANGUAGES, MAIL_KINDS } from '../src/mail/mail.ts';
import { render } from '../src/mail/render.ts';
import { createMailTransport } from '../src/mail/transport.ts';
import { openAuth } from './harness.ts';
import { mailEnvironment, readMail, startMailServer, tokenIn } from './mail-server.ts';

const AT = '2026-03-04T05:06:00.000Z';
const told = { at: AT, ip: '192.0.2.1', device: 'firefox', email: 'new@example.com' };
const link = { href: 'https://chat.example.com/account/reset?token=abc&x=1', seconds: 5400 };

describe('a mail', () => {
  for (const language of LANGUAGES)
    for (const kind of MAIL_KINDS)
      it(`${kind} in ${language} has a subject and the same facts as text and HTML`, () => {
        const { subject, text, html } = render({ kind, language, username: 'ann', told, link });
        expect(subject).to.match(/^\S.{10,}$/);
        expect(text).to.include('ann').and.not.include('{{').and.not.include('Subject:');
        expect(text.split('\n').every((line) => line.length <= 100 || line.includes('https://'))).to.equal(true);
        expect(html).to.include('ann').and.include(`<html lang="${language}">`).and.not.include('{{');
        const facts = ['192.0.2.1', 'Firefox', 'new@example.com', 'UTC', '90'];
        expect(facts.filter((fact) => html.includes(fact))).to.deep.equal(facts.filter((fact) => text.includes(fact)));
      });

  it('says times in words of its language', () => {
    const of = (language: 'en' | 'de', seconds: number) =>
      render({ kind: 'password-reset', language, username: 'ann', told: {}, link: { ...link, seconds } }).text;
    expect(of('en', 1800)).to.include('for 30 minutes');
    expect(of('en', 86_400)).to.include('for 1 day');
    expect(of('de', 7200)).to.include('2 Stunden lang');
    expect(of('en', 90)).to.include('for 1 minute:');
    const at = (language: 'en' | 'de') => render({ kind: 'new-device', language, username: 'ann', told }).text;
    expect(at('en')).to.include('March 4, 2026 at 5:06 AM UTC');
    expect(at('de')).to.include('4. März 2026 um 05:06 UTC');
  });

  it('escapes HTML, and never has what a program calls itself', () => {
    const hostile = '<img src=x onerror=alert(1)>"\'';
    for (const kind of MAIL_KINDS) {
      const { html, text } = render({
        kind,
        language: 'en',
        username: hostile,
        told: { ...told, ip: hostile, email: hostile, device: 'call-me-at-555' },
        link: { href: `https://chat.example.com/?a="><script>`, seconds: 60 },
      });
      expect(html).not.to.include('<img').and.not.include('<script').and.not.include('555');
      expect(text).not.to.include('555');
    }
  });

  it('has no header and no recipient that a field brought in, whatever it holds', async () => {
    const server = await startMailServer();
    const config = { ...mailEnvironment(server), MAIL_DIR: '' } as never;
    const transport = createMailTransport(config);
    const hostile = fc.oneof(
      fc.constantFrom(
        'a\r\nBcc: evil@example.com',
        'a\nX-Evil: 1',
        'a\r\n\r\n<b>',
        'a\u2028Bcc: b',
        'a\r\n.\r\nQUIT',
        '\0',
        'a\rBcc: b',
      ),
      fc.string({ maxLength: 60, unit: 'binary' }),
    );
    const expected = [
      'from',
      'to',
      'subject',
      'message-id',
      'auto-submitted',
      'x-auto-response-suppress',
      'date',
      'mime-version',
      'content-type',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MAIL_KINDS),
        fc.tuple(hostile, hostile, hostile, hostile),
        async (kind, [username, ip, email, device]) => {
          const before = server.mails.length;
          const content = render({ kind, language: 'en', username, told: { at: AT, ip, email, device }, link });
          await transport.send({ mail_id: 'mail_1', recipient: 'ann@example.com', ...content });
          const [mail] = server.mails.slice(before);
          expect(server.mails.length).to.equal(before + 1);
          expect(mail?.to).to.deep.equal(['ann@example.com']);
          const [head = ''] = (mail?.raw ?? '').split('\r\n\r\n');
          const names = head
            .replaceAll(/\r\n[ \t]+/g, ' ')
            .split('\r\n')
            .map((line) => line.split(':')[0]?.toLowerCase());
          expect(names.sort()).to.deep.equal(expected.toSorted());
        },
      ),
      { numRuns: 25 },
    );
    // Recipients were parsed before; even another text stays one address at most.
    const odd = [
      'ann@example.com\r\nRCPT TO:<evil@example.com>',
      'ann@example.com, evil@example.com',
      'A <evil@example.com>',
    ];
    for (const recipient of odd) {
      const before = server.mails.length;
      await transport.send({ mail_id: 'mail_1', recipient, subject: 's', text: 't', html: 'h' }).catch(() => undefined);
      for (const { to, headers } of server.mails.slice(before)) {
        expect(to).to.have.length(1);
        expect(headers.some((line) => /^(?:bcc|rcpt)/i.test(line))).to.equal(false);
      }
    }
    await server.stop();
  });

  it('leads to the page of the settings, with what stands in its address already', () => {
    const config = { RESET_URL: 'https://app.example.com/r?lang=de#/x', PUBLIC_URL: 'https://chat.example.com' };
    expect(linkTo(config, 'RESET_URL', 'a b&c')).to.equal('https://app.example.com/r?lang=de&token=a+b%26c#/x');
    expect(linkTo(config, 'CONFIRM_URL', 'abc')).to.equal('https://chat.example.com/account/confirm?token=abc');
    expect(() => linkTo({}, 'RESET_URL', 'abc')).to.throw('PUBLIC_URL is not set');
  });
});

describe('mails without a mail server', () => {
  it('are files that only their owner may read', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'chatapi-mail-')), 'mail');
    const auth = await openAuth({ MAIL_DIR: folder });
    const ann = await auth.register('file.ann');
    await auth.ask('post', '/users/password-resets').send({ email: ann.email }).expect(202);
    const name = await eventually(() => readdirSync(folder).find((one) => one.endsWith('.eml')) ?? false);
    const file = join(folder, name as string);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    const mail = readMail(readFileSync(file, 'utf8'));
    expect(mail.headers).to.include('To: file.ann@example.com');
    expect(mail.text).to.include('http://localhost:8000/account/reset?token=');
    const body = { token: tokenIn(mail), new_password: 'another-securepassword-456' };
    await auth.ask('post', '/users/password-resets/confirm').send(body).expect(204);
    await auth.close();
  });
});

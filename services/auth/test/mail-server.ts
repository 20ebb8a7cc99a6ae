// An SMTP server on the loopback, and reading what it got.
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  from: string;
  to: string[];
  /** Of the headers, unfolded: `Subject: …`. */
  headers: string[];
  text: string;
  html: string;
  raw: string;
}

export interface MailServer {
  url: string;
  /** What was taken. */
  mails: ReceivedMail[];
  /** Of connections that were made. */
  connections: number;
  /** Mails of which it never says whether it has them. */
  hanging: number;
  /** What happens to the next mails. */
  behave(how: {
    /** Answers nothing from DATA on. */
    hangs?: boolean;
    /** Answers RCPT TO of this address with an error. */
    refuses?: { address: string; code: number };
    /** Runs before the mail is taken. */
    onData?: () => Promise<void>;
  }): void;
  /** The mails for an address, in order. */
  of(address: string): ReceivedMail[];
  stop(): Promise<void>;
}

const decodedWords = (text: string): string =>
  text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?([QB])\?([^?]*)\?=/gi, (_all, how: string, words: string) =>
      how.toUpperCase() === 'B' ? Buffer.from(words, 'base64').toString() : unquoted(words.replaceAll('_', ' ')),
    );

const unquoted = (text: string): string =>
  Buffer.from(
    text
      .replaceAll(/=\r?\n/g, '')
      .replaceAll(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

function decoded(part: string): { type: string; body: string } {
  const [head = '', ...rest] = part.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const encoding = /^Content-Transfer-Encoding: (\S+)/im.exec(head)?.[1]?.toLowerCase();
  const type = /^Content-Type: ([^;\r]+)/im.exec(head)?.[1] ?? '';
  if (encoding === 'base64') return { type, body: Buffer.from(body, 'base64').toString() };
  return { type, body: encoding === 'quoted-printable' ? unquoted(Buffer.from(body).toString('latin1')) : body };
}

export function readMail(raw: string): Omit<ReceivedMail, 'from' | 'to'> {
  const [head = ''] = raw.split('\r\n\r\n');
  const headers = head
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map(decodedWords);
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1];
  const parts = raw.split(`--${boundary}`).map((part) => decoded(part.trimStart()));
  const of = (type: string): string => (parts.find((p) => p.type === type)?.body ?? '').replaceAll('\r\n', '\n');
  return { headers, text: of('text/plain'), html: of('text/html'), raw };
}

export const tokenIn = ({ text }: Pick<ReceivedMail, 'text'>): string =>
  /[?&]token=([A-Za-z0-9_-]{43})\s/.exec(text)?.[1] ?? `no token in ${text}`;

const never = new Promise<never>(() => undefined);

export async function startMailServer(port = 0): Promise<MailServer> {
  let how: Parameters<MailServer['behave']>[0] = {};
  const mails: ReceivedMail[] = [];
  let connections = 0;
  let hanging = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    closeTimeout: 100,
    onAuth: ({ username }, _session, done) => done(null, { user: username ?? randomUUID() }),
    onConnect(_session, done) {
      connections++;
      done();
    },
    onRcptTo({ address }, _session, done) {
      const { refuses } = how;
      if (refuses?.address !== address) return done();
      done(Object.assign(new Error('not this one'), { responseCode: refuses.code }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      const { hangs, onData } = how;
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        if (hangs) {
          hanging++;
          return await never;
        }
        await onData?.();
        const { mailFrom, rcptTo } = session.envelope;
        const raw = Buffer.concat(chunks).toString();
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          ...readMail(raw),
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: taken } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${taken}`,
    mails,
    get connections() {
      return connections;
    },
    get hanging() {
      return hanging;
    },
    behave(next) {
      how = next;
    },
    of: (address) => mails.filter(({ to }) => to.includes(address)),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Settings with which auth sends to it. */
export const mailEnvironment = ({ url }: Pick<MailServer, 'url'>): Record<string, string> => ({
  SMTP_URL: url,
  MAIL_FROM: 'Chat <no-reply@chat.example.com>',
  PUBLIC_URL: 'https://chat.example.com',
});

// HTTP as no library would send it: bytes as written, and the answers to them told apart.
import { connect } from 'node:net';
import { gateway } from './cluster.ts';
import { checkError } from './documents.ts';

export interface RawAnswer {
  status: number;
  /** Headers and body as they came. */
  text: string;
}

const ANSWER = /(?=HTTP\/1\.1 \d{3} )/;

const headerOf = (text: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)\\r$`, 'im').exec(text)?.[1];

/** The request is not known here, so only errors are validated. */
function checked(text: string): RawAnswer {
  const answer = { status: Number(text.slice(9, 12)), text };
  const length = headerOf(text, 'content-length');
  const isWhole = length !== undefined && Buffer.byteLength(text.slice(text.indexOf('\r\n\r\n') + 4)) >= Number(length);
  if (answer.status >= 400 && isWhole && length !== '0')
    checkError({ status: answer.status, type: headerOf(text, 'content-type'), body: bodyOf(answer) });
  return answer;
}

/**
 * Sends these bytes in one write;
 * @returns every answer until the server closes, `enough` has come, or `ms` have passed.
 */
export function exchangeBytes(text: string, url: string = gateway(), ms = 3000, enough?: RegExp): Promise<RawAnswer[]> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let got = '';
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'));
    const late = setTimeout(() => socket.destroy(), ms);
    socket.setEncoding('utf8').on('data', (chunk) => {
      got += chunk;
      if (enough?.test(got)) socket.destroy();
    });
    socket.on('error', reject).on('close', () => {
      clearTimeout(late);
      const answers = got.split(ANSWER).filter((part) => part !== '');
      try {
        resolve(answers.map(checked));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** A request line and headers; the connection closes after it. */
export const requestText = (line: string, headers: string[] = [], body = ''): string =>
  [`${line} HTTP/1.1`, 'Host: gateway', 'Connection: close', ...headers, '', body].join('\r\n');

export const bodyOf = ({ text }: RawAnswer): unknown => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

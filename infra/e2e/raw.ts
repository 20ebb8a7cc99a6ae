// HTTP as no library would send it: bytes as written, and the answers to them told apart.
import { connect } from 'node:net';
import { door } from './cluster.ts';

export interface RawAnswer {
  status: number;
  /** Headers and body as they came. */
  text: string;
}

const ANSWER = /(?=HTTP\/1\.1 \d{3} )/;

/** Sends these bytes in one write; @returns every answer until the server closes, or until `ms` have passed. */
export function exchangeBytes(text: string, url: string = door(), ms = 3000): Promise<RawAnswer[]> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let got = '';
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'));
    const late = setTimeout(() => socket.destroy(), ms);
    socket.setEncoding('utf8').on('data', (chunk) => (got += chunk));
    socket.on('error', reject).on('close', () => {
      clearTimeout(late);
      const answers = got.split(ANSWER).filter((part) => part !== '');
      resolve(answers.map((part) => ({ status: Number(part.slice(9, 12)), text: part })));
    });
  });
}

/** A request line and headers; the connection closes after it. */
export const requestText = (line: string, headers: string[] = [], body = ''): string =>
  [`${line} HTTP/1.1`, 'Host: door', 'Connection: close', ...headers, '', body].join('\r\n');

export const bodyOf = ({ text }: RawAnswer): unknown => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

// A client of event streams, which reads their text as a browser does.
import { get, type IncomingMessage } from 'node:http';
import { until } from './node-fixture.ts';

export interface StreamEvent {
  id: string | undefined;
  event: string;
  data: any;
}

export class StreamClient {
  readonly events: StreamEvent[] = [];
  readonly res: IncomingMessage;
  comments = 0;
  ended = false;
  private rest = '';
  constructor(res: IncomingMessage) {
    this.res = res;
    res.setEncoding('utf8').on('data', (text: string) => this.take(text));
    res
      .on('error', () => undefined)
      .on('close', () => {
        this.ended = true;
      });
  }
  private take(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() as string;
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2) as [string, string]));
      if (fields.has('data'))
        this.events.push({
          id: fields.get('id'),
          event: fields.get('event') as string,
          data: JSON.parse(fields.get('data') as string),
        });
      else this.comments++;
    }
  }
  /** The last id, with which another node goes on. */
  get lastId(): string {
    return this.events.findLast(({ id }) => id !== undefined)?.id as string;
  }
  seqs(room: string): number[] {
    return this.events.flatMap(({ data: { chat_id, seq }, event }) =>
      chat_id === room && seq !== undefined && event !== 'live' ? [seq] : [],
    );
  }
  async event(name: string, ms = 10_000): Promise<StreamEvent> {
    const find = () => this.events.find(({ event }) => event === name);
    await until(() => find() !== undefined, ms);
    return find() as StreamEvent;
  }
  close(): void {
    this.res.destroy();
  }
}

/** @throws {status, body} when the stream is refused. */
export const openStream = (url: string, path: string, headers: Record<string, string>): Promise<StreamClient> =>
  new Promise((resolve, reject) => {
    const all = { accept: 'text/event-stream', ...headers };
    get(`${url.replace(/^ws/, 'http')}${path}`, { headers: all, agent: false }, async (res) => {
      if (res.statusCode === 200) return resolve(new StreamClient(res));
      let text = '';
      for await (const chunk of res) text += chunk;
      reject({ status: res.statusCode ?? 0, body: JSON.parse(text) });
    }).on('error', reject);
  });

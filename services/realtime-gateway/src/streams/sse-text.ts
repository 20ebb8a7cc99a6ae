// The text of server-sent events. A frame is one line of JSON, so it is one `data:` line.
const TYPE = /^\{"type":"([a-z_]{1,40})"/;
const TYPE_BYTES = 60;
const END = Buffer.from('\n\n');

/** By browsers, an event without a name is called that too. */
const UNKNOWN = 'message';

export const COMMENT = ':\n\n';

/** Frames begin with their type. */
function typeOf(json: Buffer | string): string {
  const start = typeof json === 'string' ? json.slice(0, TYPE_BYTES) : json.toString('latin1', 0, TYPE_BYTES);
  return TYPE.exec(start)?.[1] ?? UNKNOWN;
}

/** @param id where the client stands when it has this event; without one it stays where it was. */
export function eventText(json: Buffer | string, id?: string): Buffer {
  const head = `${id === undefined ? '' : `id: ${id}\n`}event: ${typeOf(json)}\ndata: `;
  return Buffer.concat([Buffer.from(head), typeof json === 'string' ? Buffer.from(json) : json, END]);
}

/** An event of the stream itself, which is no frame. */
export const ownEvent = (name: 'live' | 'resync' | 'close', data: object, id?: string): Buffer =>
  Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);

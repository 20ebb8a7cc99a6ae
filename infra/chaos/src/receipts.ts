// Checks what receivers of webhooks got. Pure functions over recorded data.

/** A request that a receiver took. */
export interface Receipt {
  /** The header `webhook-id`. */
  id: string;
  room: string;
  seq: number;
}

const inOrder = (seqs: number[]): boolean => seqs.every((seq, i) => i === 0 || seq > (seqs[i - 1] as number));

/** Each event of the log once or more with one id, and each room in the order of first receipt. */
export function checkReceipts(name: string, receipts: Receipt[], heads: ReadonlyMap<string, number>): string[] {
  const problems: string[] = [];
  const ids = new Map<string, string>();
  const firsts = new Map<string, number[]>([...heads.keys()].map((room) => [room, []]));
  for (const { id, room, seq } of receipts) {
    const place = `${room} ${seq}`;
    const known = ids.get(id);
    if (known === place) continue;
    if (known !== undefined) problems.push(`${name}: ${id} is ${known} and ${place}`);
    ids.set(id, place);
    firsts.get(room)?.push(seq);
  }
  for (const [room, last] of heads) {
    const seqs = firsts.get(room) as number[];
    const seen = new Set(seqs);
    const missing = Array.from({ length: last }, (_, i) => i + 1).filter((seq) => !seen.has(seq));
    if (missing.length > 0)
      problems.push(`${name} never got ${missing.slice(0, 5)} … of ${room} (${missing.length} of ${last})`);
    if (seen.size < seqs.length) problems.push(`${name}: an event of ${room} has two ids`);
    if (!inOrder(seqs)) problems.push(`${name}: ${room} is out of order`);
    if ((seqs.at(-1) ?? 0) > last) problems.push(`${name}: ${room} ends after ${last}`);
  }
  return problems;
}

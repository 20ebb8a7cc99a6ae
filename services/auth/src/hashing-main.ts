// The process in which bcrypt runs: it gives way to every other. Started by hashing.ts, told by messages, ends with who started it.
import { writeFile } from 'node:fs';
import { setPriority } from 'node:os';
import bcrypt from 'bcrypt';

export interface Order {
  id: number;
  password: string;
  /** A number: make a hash at this cost. A hash: is it this password's? */
  against: number | string;
}

export interface Done {
  id: number;
  result: string | boolean;
}

/** A ninth of a busy CPU against what runs at 0, all of an idle one. */
const NICE = 10;

// Its threads begin with the first job, and inherit this.
setPriority(NICE);
// Linux that groups processes by session weighs these priorities within a group only; the group has one of its own, and is ours alone.
// Elsewhere there is no such file, and nothing is lost.
writeFile('/proc/self/autogroup', String(NICE), () => undefined);

process.on('message', async ({ id, password, against }: Order) => {
  const result = await (typeof against === 'number'
    ? bcrypt.hash(password, against)
    : bcrypt.compare(password, against));
  process.send?.({ id, result } satisfies Done);
});
process.once('disconnect', () => process.exit());

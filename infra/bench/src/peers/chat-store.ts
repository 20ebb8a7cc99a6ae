// The SQL of the hand-written chat: one table, one prepared statement per message.
import pg from 'pg';

export interface Row {
  /** A bigint of PostgreSQL, as a string. */
  id: string;
  room: string;
  sender_id: string;
  content: string;
  created_at: Date;
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE });
pool.on('error', () => undefined);

const INSERT = 'insert into messages (room, sender_id, content) values ($1, $2, $3) returning *';
const MISSED = 'select * from messages where room = any($1) and id > $2 order by id';
const PAGE = 'select * from messages where room = $1 order by id desc limit $2';

export const insert = async (room: string, sender: string, content: string): Promise<Row> =>
  (await pool.query<Row>({ name: 'insert', text: INSERT, values: [room, sender, content] })).rows[0] as Row;

export const missed = async (rooms: string[], after: string): Promise<Row[]> =>
  (await pool.query<Row>({ name: 'missed', text: MISSED, values: [rooms, after] })).rows;

export const page = async (room: string, limit: number): Promise<Row[]> =>
  (await pool.query<Row>({ name: 'page', text: PAGE, values: [room, limit] })).rows;

import { createIndex, inSteps, type Knex, type Migration } from '@chatapi/kit/data';

const ROOMS_AT_ONCE = 2000;

/** Marks the names of rooms as not folded. @returns the last room, undefined at the end. */
async function markRooms(trx: Knex, after: string): Promise<string | undefined> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `with found as (select id, name, topic from rooms where id > ? order by id limit ${ROOMS_AT_ONCE}), marked as (
       insert into room_words (room_id) select id from found where name is not null or topic is not null
       on conflict do nothing
     )
     select max(id) id from found having count(*) = ${ROOMS_AT_ONCE}`,
    [after],
  );
  return rows[0]?.id;
}

export const searchIndexesMigration: Migration = {
  name: '007-search-indexes',
  async online(db: Knex): Promise<void> {
    await createIndex(db, 'messages_words', 'on messages using gin (search) where not is_deleted');
    // In an order that no other index has, so that the planner never prefers a longer one.
    await createIndex(
      db,
      'messages_without_words',
      'on messages (seq, room_id) where search_version is null and not is_deleted',
    );
    await createIndex(
      db,
      'messages_unknown_names',
      'on messages using gin (unknown_names) where unknown_names is not null',
    );
    await createIndex(db, 'people_naming', 'on people (naming_due_at) where naming_due_at is not null');
    await inSteps<string>(db, '007-search-indexes rooms', (trx, after) => markRooms(trx, after ?? ''));
  },
};

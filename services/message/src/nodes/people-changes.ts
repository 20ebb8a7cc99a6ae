// Tells who sees a person that the name or avatar has changed: whoever sees the person's presence,
// and the person. A trigger notes changes (017-avatars), whichever process makes them.
import { type PacketRecord, userTopic } from '@chatapi/bus';
import { every, type RecurringTask } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { userUpdated } from '../log/frames.ts';
import { changedPeople, hasChanges, takeChanged } from './people-changes-store.ts';
import { presenceAudienceOf } from './user-rooms-store.ts';

const POLL_MS = 500;
const AT_ONCE = 100;

/** Publishes before the commit: after a crash another instance tells it again. */
const tellNext = (ctx: Context): Promise<boolean> =>
  ctx.db.transaction(async (trx) => {
    const ids = await takeChanged(trx, AT_ONCE);
    if (ids.length === 0) return false;
    const people = await changedPeople(trx, ids);
    const audiences = await presenceAudienceOf(ctx.pool, ids);
    const records = people.flatMap((person): PacketRecord[] => {
      const frame = userUpdated(person);
      const seers = [person.user_id, ...(audiences[person.user_id] ?? [])];
      return seers.map((id) => ({
        kind: 'notice',
        topic: userTopic(id),
        room: '',
        seq: 0,
        sender: person.user_id,
        origin: '',
        frame,
      }));
    });
    if (records.length > 0) await ctx.signals.publish(records);
    return ids.length === AT_ONCE;
  });

export const startPeopleChanges = (ctx: Context): RecurringTask =>
  every(
    POLL_MS,
    async (closing) => {
      if (ctx.redis.status !== 'ready' || !(await hasChanges(ctx.reads))) return;
      while (!closing.aborted && (await tellNext(ctx)));
    },
    (err) => ctx.log.debug({ err: err.message }, 'changes of people not told; will retry'),
  );

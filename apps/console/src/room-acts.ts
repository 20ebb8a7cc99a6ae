// What admins do to a room.
import type { AdminRoom, AdminRoomPatch } from '@chatapi/client';
import { idOf } from './names.ts';
import { ask, textIn } from './questions.ts';
import { act } from './run-act.ts';
import { client } from './session.ts';
import type { Texts } from './texts.ts';
import { go } from './where.ts';

interface Deed {
  texts: Texts;
  room: AdminRoom;
  /** After it is done. */
  after(): void;
}

const titleOf = ({ name, id }: AdminRoom): string => name || id;

const update = ({ room, after }: Deed, title: string, patch: AdminRoomPatch, undo?: AdminRoomPatch) => {
  const making = (what: AdminRoomPatch) => ({
    title,
    run: () => client.admin.updateRoom(room.id, what),
    isDone: async () => {
      const { owner_id, ...fields } = what;
      const now = await client.admin.room(room.id);
      const isOwner = owner_id === undefined || now.owner_ids.includes(owner_id);
      return isOwner && Object.entries(fields).every(([key, value]) => now[key as keyof AdminRoom] === value);
    },
    after,
  });
  return act({ ...making(patch), undo: undo && (() => making(undo)) });
};

export const archive = (deed: Deed, archived: boolean): Promise<unknown> => {
  const { archive, restore } = deed.texts.acts;
  return update(deed, (archived ? archive : restore)(titleOf(deed.room)), { archived }, { archived: !archived });
};

export async function rename(deed: Deed): Promise<void> {
  const { texts, room } = deed;
  const title = texts.acts.rename(titleOf(room));
  const answers = await ask({
    title,
    fields: [
      { name: 'name', label: texts.columns.name, value: room.name ?? '', maxLength: 100 },
      { name: 'topic', label: texts.topic, value: room.topic ?? '', kind: 'area', maxLength: 500 },
    ],
    yes: texts.do.save,
  });
  if (answers === undefined) return;
  const patch = { name: textIn(answers, 'name') || null, topic: textIn(answers, 'topic') || null };
  await update(deed, title, patch, { name: room.name, topic: room.topic });
}

export async function handOver(deed: Deed): Promise<void> {
  const { texts, room } = deed;
  const title = texts.acts.handOver(titleOf(room));
  const answers = await ask({
    title,
    text: texts.handOverText,
    fields: [{ name: 'username', label: texts.newOwner, hint: texts.newOwnerHint, isRequired: true }],
    yes: texts.do.handOver,
  });
  if (answers === undefined) return;
  const wanted = textIn(answers, 'username');
  const owner_id = await idOf(wanted).catch(() => wanted);
  await update(deed, title, { owner_id });
}

export async function remove({ texts, room }: Deed): Promise<void> {
  const title = texts.acts.deleteRoom(titleOf(room));
  const sure = await ask({
    title,
    text: texts.deleteRoomText,
    yes: texts.do.delete,
    isDanger: true,
    needsPassword: true,
  });
  if (sure === undefined) return;
  await act({
    title,
    run: () => client.admin.deleteRoom(room.id),
    isDone: () =>
      client.admin.room(room.id).then(
        () => false,
        (error: { code?: string }) => {
          if (error.code === 'RESOURCE_NOT_FOUND') return true;
          throw error;
        },
      ),
    after: () => go('rooms'),
  });
}

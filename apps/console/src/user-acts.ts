// What staff do to an account.
import type { BanInput, Role, User } from '@chatapi/client';
import { ask, type Field, textIn, timeIn } from './questions.ts';
import { type Act, act } from './run-act.ts';
import { client } from './session.ts';
import type { Texts } from './texts.ts';
import { go } from './where.ts';

type Account = Pick<User, 'id' | 'username' | 'role' | 'status'>;

const readUser = (id: string): Promise<Account> => client.admin.user(id);
const hasStatus =
  ({ id }: Account, status: User['status']) =>
  async (): Promise<boolean> =>
    (await readUser(id)).status === status;

interface Deed {
  texts: Texts;
  user: Account;
  /** After it is done. */
  after(): void;
}

const unbanning = ({ texts, user, after }: Deed): Act<unknown> => ({
  title: texts.acts.unban(user.username),
  run: () => client.admin.unban(user.id),
  isDone: hasStatus(user, 'active'),
  after,
});

const DAY_MS = 24 * 3600 * 1000;

/** For a field of kind `time`, which has no time zone. */
const localTime = (at: number): string =>
  new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** Moderators ban for at most 24 hours. */
export const banFields = (texts: Texts, isAdmin: boolean): Field[] => [
  { name: 'reason', label: texts.reason, hint: texts.reasonHint, maxLength: 500 },
  {
    name: 'until',
    label: texts.until,
    kind: 'time',
    hint: isAdmin ? texts.untilHint : texts.untilHintModerator,
    isRequired: !isAdmin,
    value: isAdmin ? undefined : localTime(Date.now() + DAY_MS - 60_000),
  },
];

export const banOf = (answers: FormData): BanInput => ({
  reason: textIn(answers, 'reason') || null,
  until: timeIn(answers, 'until') ?? null,
});

export async function ban(deed: Deed, isAdmin: boolean): Promise<void> {
  const { texts, user, after } = deed;
  const title = texts.acts.ban(user.username);
  const fields = banFields(texts, isAdmin);
  const answers = await ask({ title, text: texts.banText, fields, yes: texts.do.ban, isDanger: true });
  if (answers === undefined) return;
  await act({
    title,
    run: () => client.admin.ban(user.id, banOf(answers)),
    isDone: hasStatus(user, 'banned'),
    // Only admins lift bans.
    undo: isAdmin ? () => unbanning(deed) : undefined,
    after,
  });
}

export const unban = (deed: Deed): Promise<unknown> => act(unbanning(deed));

export async function changeRole({ texts, user, after }: Deed): Promise<void> {
  const roles = (['user', 'moderator', 'admin'] as const).map((role) => [role, texts.states[role]] as const);
  const answers = await ask({
    title: texts.acts.role(user.username),
    text: texts.roleText,
    fields: [{ name: 'role', label: texts.role, kind: 'select', options: roles, value: user.role }],
    yes: texts.do.save,
    needsPassword: true,
  });
  if (answers === undefined) return;
  const role = textIn(answers, 'role') as Role;
  await act({
    title: texts.acts.role(user.username),
    run: () => client.admin.changeRole(user.id, role),
    isDone: async () => (await readUser(user.id)).role === role,
    after,
  });
}

export const unlock = ({ texts, user, after }: Deed): Promise<unknown> =>
  act({ title: texts.acts.unlock(user.username), run: () => client.admin.unlock(user.id), after });

export async function endSessions({ texts, user, after }: Deed): Promise<void> {
  const title = texts.acts.endSessions(user.username);
  const sure = await ask({ title, text: texts.endSessionsText, yes: texts.do.endSessions, isDanger: true });
  if (sure !== undefined) await act({ title, run: () => client.admin.endSessions(user.id), after });
}

export async function resetPassword({ texts, user }: Deed): Promise<void> {
  const title = texts.acts.resetLink(user.username);
  const sure = await ask({ title, text: texts.resetText, yes: texts.do.resetLink, needsPassword: true });
  if (sure === undefined) return;
  const made = await act({ title, run: () => client.admin.makePasswordResetLink(user.id) });
  if (made) await ask({ title, text: texts.resetShown, secret: made.value.url, yes: texts.close, isNotice: true });
}

export async function erase({ texts, user }: Deed): Promise<void> {
  const title = texts.acts.erase(user.username);
  const sure = await ask({ title, text: texts.eraseText, yes: texts.do.erase, isDanger: true, needsPassword: true });
  if (sure === undefined) return;
  await act({
    title,
    run: () => client.admin.deleteUser(user.id),
    isDone: async () => (await client.users.many([user.id])).length === 0,
    after: () => go('users'),
  });
}

/** Each look at an archive is on record, so it is looked at when asked for, once. */
export async function exportData({ texts, user, after }: Deed): Promise<void> {
  const title = texts.acts.export(user.username);
  const last = await client.admin.export(user.id).catch(() => undefined);
  if (last?.status === 'pending') {
    await ask({ title, text: texts.exportPending, yes: texts.close, isNotice: true });
    return;
  }
  if (last?.url) {
    const secret = client.baseUrl + last.url;
    if ((await ask({ title, text: texts.exportReady, secret, yes: texts.do.exportAgain })) === undefined) return;
  }
  await act({ title, run: () => client.admin.startExport(user.id), after });
}

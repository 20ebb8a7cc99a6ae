// How reports are settled.
import type { ListedReport } from '@chatapi/client';
import { type Act, act } from './acts.ts';
import { ask } from './questions.ts';
import { client } from './session.ts';
import type { Texts } from './texts.ts';
import { ban } from './user-acts.ts';

export interface ReportDeed {
  texts: Texts;
  report: ListedReport;
  note: string;
  /** After it is done. */
  after(): void;
}

const statusOf = async ({ id, target_type, target_id }: ListedReport): Promise<string | undefined> =>
  (await client.admin.reports({ target_type, target_id, limit: 100 })).items.find((one) => one.id === id)?.status;

const settling = ({ texts, report, note, after }: ReportDeed, status: 'resolved' | 'dismissed'): Act<unknown> => ({
  title: status === 'resolved' ? texts.acts.resolve : texts.acts.dismiss,
  run: () => {
    const input = { note: note || null };
    return status === 'resolved'
      ? client.admin.resolveReport(report.id, input)
      : client.admin.dismissReport(report.id, input);
  },
  isDone: async () => (await statusOf(report)) === status,
  after,
});

export const settle = (deed: ReportDeed, status: 'resolved' | 'dismissed'): Promise<unknown> =>
  act(settling(deed, status));

/** Deletes what was reported, and resolves the report. */
export async function deleteReported(deed: ReportDeed): Promise<void> {
  const { texts, report } = deed;
  const title = texts.acts.deleteMessage;
  const sure = await ask({ title, text: texts.deleteMessageText, yes: texts.do.delete, isDanger: true });
  if (sure === undefined) return;
  const done = await act({
    title,
    run: () => client.admin.deleteMessage(report.target_id),
    isDone: async () => {
      const found = await client.admin.reports({ target_type: 'message', target_id: report.target_id });
      return found.items[0]?.message?.is_deleted ?? true;
    },
  });
  if (done) await settle(deed, 'resolved');
}

/** Bans the person whom it is about, and resolves the report. */
export async function banReported(deed: ReportDeed): Promise<void> {
  const { texts, report } = deed;
  if (report.about_user_id === null) return;
  const user = await client.users.get(report.about_user_id);
  if (await ban({ texts, user, after: () => undefined })) await settle(deed, 'resolved');
}

// How reports are settled: one act deletes, mutes or bans, and settles.
import type { ListedReport, ReportActInput } from '@chatapi/client';
import { ask, timeIn } from './questions.ts';
import { act } from './run-act.ts';
import { client } from './session.ts';
import type { Texts } from './texts.ts';
import { banFields, banOf } from './user-acts.ts';

export interface ReportDeed {
  texts: Texts;
  report: ListedReport;
  note: string;
  isAdmin: boolean;
  /** After it is done. */
  after(): void;
}

const statusOf = async ({ id, target_type, target_id }: ListedReport): Promise<string | undefined> =>
  (await client.admin.reports({ target_type, target_id, limit: 100 })).items.find((one) => one.id === id)?.status;

const settleBy = ({ report, note, after }: ReportDeed, title: string, input: ReportActInput): Promise<unknown> =>
  act({
    title,
    run: () => client.admin.actOnReport(report.id, { ...input, note: note || null }),
    isDone: async () => (await statusOf(report)) === (input.status ?? 'resolved'),
    after,
  });

export const resolve = (deed: ReportDeed): Promise<unknown> => settleBy(deed, deed.texts.acts.resolve, {});
export const dismissReport = (deed: ReportDeed): Promise<unknown> =>
  settleBy(deed, deed.texts.acts.dismiss, { status: 'dismissed' });

export const mayDelete = ({ report, isAdmin }: ReportDeed): boolean =>
  report.target_type === 'message' ? report.message?.is_deleted === false : report.target_type === 'file' && isAdmin;
export const mayMute = ({ report }: ReportDeed): boolean =>
  report.target_type === 'message' && report.message !== null && report.about_user_id !== null;
export const mayBan = ({ report }: ReportDeed): boolean => report.about_user_id !== null;

export async function deleteReported(deed: ReportDeed): Promise<void> {
  const { texts, report } = deed;
  const title = report.target_type === 'file' ? texts.acts.deleteFile : texts.acts.deleteMessage;
  const sure = await ask({ title, text: texts.deleteReportedText, yes: texts.do.delete, isDanger: true });
  if (sure !== undefined) await settleBy(deed, title, { delete_target: true });
}

export async function muteReported(deed: ReportDeed): Promise<void> {
  const { texts } = deed;
  const answers = await ask({
    title: texts.acts.mute,
    text: texts.muteText,
    fields: [{ name: 'until', label: texts.until, kind: 'time', hint: texts.untilHint }],
    yes: texts.do.mute,
  });
  if (answers !== undefined) await settleBy(deed, texts.acts.mute, { mute: { until: timeIn(answers, 'until') } });
}

export async function banReported(deed: ReportDeed): Promise<void> {
  const { texts, isAdmin } = deed;
  const title = texts.acts.banAuthor;
  const fields = banFields(texts, isAdmin);
  const answers = await ask({ title, text: texts.banText, fields, yes: texts.do.ban, isDanger: true });
  if (answers !== undefined) await settleBy(deed, title, { ban: banOf(answers) });
}

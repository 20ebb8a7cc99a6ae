// Schemas of reports, announcements and the word filter.
import {
  anyId,
  anyText,
  boundedList,
  count,
  type IdPaging,
  idPaging,
  type Json,
  text,
  time,
  wireList,
  wireObject,
} from '@chatapi/kit';
import Joi from 'joi';
import type { Announcement } from './announcement-store.ts';
import type { Report, ReportFilter } from './report-store.ts';
import type { NewReportBody, ReportedMessage, ReportView } from './reports.ts';
import type { FilteredWord, Judgement, WordList } from './word-filter.ts';

const targetType = <T extends string>() => Joi.string<T>().valid('message', 'file', 'user');
const status = <T extends string>() => Joi.string<T>().valid('open', 'resolved', 'dismissed');

export const pageQuery = Joi.object<IdPaging>(idPaging());

export const reportBody = Joi.object<NewReportBody, true>({
  target_type: targetType<NewReportBody['target_type']>().required(),
  target_id: anyId().required(),
  reason: text({ min: 1, max: 500 }).required(),
});

export const reportQuery = Joi.object<ReportFilter>({
  ...idPaging(),
  status: status(),
  target_type: targetType(),
  target_id: anyId(),
  about_user_id: anyId().description('the sender, the uploader, or the reported user'),
  reporter_id: anyId(),
});

export const settleBody = Joi.object<{ note?: string | null }>({ note: text({ max: 500 }).allow(null) });

const reportFields = {
  id: Joi.string(),
  reporter_id: Joi.string(),
  target_type: targetType(),
  target_id: Joi.string(),
  about_user_id: Joi.string()
    .allow(null)
    .description('the sender, the uploader, or the reported user; null in old reports'),
  reason: anyText().description('empty after the reporter, or the user it is about, was erased'),
  status: status(),
  handled_by: Joi.string().allow(null),
  handled_at: time().allow(null),
  note: anyText().allow(null),
  created_at: time(),
};
export const reportSchema = wireObject<Json<Report>>('Report', reportFields);

const reportedMessage = wireObject<ReportedMessage>('ReportedMessage', {
  id: Joi.string(),
  chat_id: Joi.string(),
  sender_id: Joi.string(),
  content: anyText(),
  is_deleted: Joi.boolean(),
  created_at: time(),
});
const listedReport = wireObject<Json<ReportView>>('ListedReport', {
  ...reportFields,
  message: reportedMessage
    .allow(null)
    .description('the reported message as it is now; null for other targets or when unavailable'),
});
export const reportList = wireList('ReportList', 'reports', listedReport);

export const announcementBody = Joi.object<{ text: string }, true>({ text: text({ min: 1, max: 1000 }).required() });
export const announcementSchema = wireObject<Json<Announcement>>('Announcement', {
  id: Joi.string(),
  text: Joi.string(),
  created_by: Joi.string(),
  created_at: time(),
});
export const announcementList = wireList('AnnouncementList', 'announcements', announcementSchema);

const word = Joi.object<FilteredWord, true>({
  word: text({ min: 1, max: 64 }).required().description('one or several words; matches whole words in any case'),
  action: Joi.string<FilteredWord['action']>()
    .valid('block', 'mask')
    .required()
    .description('block: messages with it are refused; mask: it is stored as asterisks'),
});
// The message service validates the words.
export const wordsBody = Joi.object<{ words: FilteredWord[] }, true>({
  words: boundedList(5000, word).required(),
});
export const tryWordsBody = Joi.object<{ text: string }, true>({ text: text({ min: 0, max: 4000 }).required() });
export const judgementSchema = wireObject<Judgement>('WordJudgement', {
  text: anyText().description('as it would be stored: masked words are asterisks'),
  blocked: Joi.boolean().description('a message with this text would be refused'),
});
export const wordsSchema = wireObject<WordList>('WordFilter', {
  words: Joi.array().items(word.meta({ title: 'FilteredWord' })),
  revision: count(),
  updated_at: time(),
});

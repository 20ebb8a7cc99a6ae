// The shapes of reports, announcements and the word filter.
import { type Paging, paging, text } from '@chatapi/kit';
import Joi from 'joi';
import type { ReportFilter } from './report-store.ts';
import type { NewReportBody } from './reports.ts';
import type { FilteredWord } from './words.ts';

const time = () => Joi.string().isoDate().required();
const id = () => Joi.string().pattern(/^[A-Za-z0-9_-]{1,64}$/);
const targetType = <T extends string>() => Joi.string<T>().valid('message', 'file', 'user');
const status = <T extends string>() => Joi.string<T>().valid('open', 'resolved', 'dismissed');

export const pageQuery = Joi.object<Paging>(paging());

export const reportBody = Joi.object<NewReportBody, true>({
  target_type: targetType<NewReportBody['target_type']>().required(),
  target_id: id().required(),
  reason: text({ min: 1, max: 500 }).required(),
});

export const reportQuery = Joi.object<ReportFilter>({
  ...paging(),
  status: status(),
  target_type: targetType(),
  target_id: id(),
});

export const settleBody = Joi.object<{ note?: string | null }>({ note: text({ max: 500 }).allow(null) });

const report = {
  id: Joi.string().required(),
  reporter_id: Joi.string().required(),
  target_type: targetType().required(),
  target_id: Joi.string().required(),
  about_user_id: Joi.string()
    .allow(null)
    .required()
    .description('who sent, uploaded or is what was reported; null in old reports'),
  reason: Joi.string().allow('').required().description('empty once its writer, or whom it is about, was erased'),
  status: status().required(),
  handled_by: Joi.string().allow(null).required(),
  handled_at: time().allow(null),
  note: Joi.string().allow('', null).required(),
  created_at: time(),
};
export const reportShape = Joi.object(report);
export const reportList = Joi.object({
  reports: Joi.array()
    .items(
      Joi.object({
        ...report,
        message: Joi.object({
          id: Joi.string(),
          chat_id: Joi.string(),
          sender_id: Joi.string(),
          content: Joi.string().allow(''),
          is_deleted: Joi.boolean(),
          created_at: time(),
        })
          .allow(null)
          .description('the reported message as it is now; null: it is no message, or could not be asked for'),
      }),
    )
    .required(),
  has_more: Joi.boolean().required(),
});

export const announcementBody = Joi.object<{ text: string }, true>({ text: text({ min: 1, max: 1000 }).required() });
export const announcementShape = Joi.object({
  id: Joi.string().required(),
  text: Joi.string().required(),
  created_by: Joi.string().required(),
  created_at: time(),
});
export const announcementList = Joi.object({
  announcements: Joi.array().items(announcementShape).required(),
  has_more: Joi.boolean().required(),
});

const word = Joi.object<FilteredWord, true>({
  word: text({ min: 1, max: 64 }).required().description('one or several words; found whole, in any case'),
  action: Joi.string<FilteredWord['action']>()
    .valid('block', 'mask')
    .required()
    .description('block: such a message is refused; mask: asterisks are stored instead'),
});
// How a word must be is message's to say.
export const wordsBody = Joi.object<{ words: FilteredWord[] }, true>({
  words: Joi.array().items(word).max(5000).required(),
});
export const wordsShape = Joi.object({
  words: Joi.array().items(word).required(),
  revision: Joi.number().integer().required(),
  updated_at: time(),
});

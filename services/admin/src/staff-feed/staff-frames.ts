// Frames to staff, which realtime nodes hand on unread.
import { answerSchema, count, type Json, type JsonSchema, oneOf, time, wireObject } from '@chatapi/kit';
import type Joi from 'joi';
import type { Entry } from '../audit-store.ts';
import { reportSchema } from '../moderation-shapes.ts';
import type { Report } from '../report-store.ts';
import { entrySchema, statisticsSchema } from '../shapes.ts';
import type { Statistics } from '../statistics.ts';

export interface StaffFrames {
  staff_stats: { type: 'staff_stats'; stats: Statistics; open_reports: number; timestamp: string };
  staff_report: { type: 'staff_report'; report: Json<Report> };
  staff_entry: { type: 'staff_entry'; entry: Json<Entry> };
}

const FRAMES: { [T in keyof StaffFrames]: { summary: string; schema: Joi.ObjectSchema<StaffFrames[T]> } } = {
  staff_stats: {
    summary: 'Statistics for staff who subscribed, every two seconds',
    schema: wireObject<StaffFrames['staff_stats']>('StaffStatsFrame', {
      type: oneOf('staff_stats'),
      stats: statisticsSchema,
      open_reports: count(),
      timestamp: time(),
    }),
  },
  staff_report: {
    summary: 'A new report, for staff who subscribed',
    schema: wireObject<StaffFrames['staff_report']>('StaffReportFrame', {
      type: oneOf('staff_report'),
      report: reportSchema,
    }),
  },
  staff_entry: {
    summary: 'An audit log entry whose outcome is known, for staff who subscribed',
    schema: wireObject<StaffFrames['staff_entry']>('StaffEntryFrame', {
      type: oneOf('staff_entry'),
      entry: entrySchema,
    }),
  },
};

/** For the AsyncAPI document. */
export const describeFrames = (): { frames: Record<string, { summary: string; schema: JsonSchema }> } => ({
  frames: Object.fromEntries(
    Object.entries(FRAMES).map(([type, { summary, schema }]) => [type, { summary, schema: answerSchema(schema) }]),
  ),
});

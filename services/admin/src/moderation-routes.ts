// Reports, announcements, the word filter: shapes in moderation-shapes.ts.
import { type Route, route } from '@chatapi/kit';
import { announce, showAnnouncements } from './announcements.ts';
import type { Context } from './context.ts';
import {
  announcementBody,
  announcementList,
  announcementShape,
  pageQuery,
  reportBody,
  reportList,
  reportQuery,
  reportShape,
  settleBody,
  wordsBody,
  wordsShape,
} from './moderation-shapes.ts';
import { report, settleReport, showReports } from './reports.ts';
import { idParams } from './shapes.ts';
import { replaceWords, showWords } from './words.ts';

const tag = 'Admin';
const params = idParams;

export const moderationRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/reports',
    summary: 'Report a message, a file or a user to those who moderate',
    tag: 'Reports',
    who: 'user',
    body: reportBody,
    answer: reportShape,
    status: 201,
    rule: report,
  }),
  route({
    method: 'get',
    path: '/admin/reports',
    summary: 'Reports, newest first',
    tag,
    who: 'moderator',
    query: reportQuery,
    answer: reportList,
    rule: showReports,
  }),
  route({
    method: 'post',
    path: '/admin/reports/:id/resolve',
    summary: 'A report was right and has been acted on',
    tag,
    who: 'moderator',
    params,
    body: settleBody,
    answer: reportShape,
    rule: (ctx, call) => settleReport(ctx, call, 'resolved'),
  }),
  route({
    method: 'post',
    path: '/admin/reports/:id/dismiss',
    summary: 'Nothing is to be done about a report',
    tag,
    who: 'moderator',
    params,
    body: settleBody,
    answer: reportShape,
    rule: (ctx, call) => settleReport(ctx, call, 'dismissed'),
  }),
  route({
    method: 'post',
    path: '/admin/announcements',
    summary: 'Tell everybody who is connected',
    tag,
    who: 'admin',
    body: announcementBody,
    answer: announcementShape,
    status: 201,
    rule: announce,
  }),
  route({
    method: 'get',
    path: '/admin/announcements',
    summary: 'Announcements, newest first',
    tag,
    who: 'moderator',
    query: pageQuery,
    answer: announcementList,
    rule: showAnnouncements,
  }),
  route({
    method: 'get',
    path: '/announcements',
    summary: 'Announcements, newest first, for who was away',
    tag: 'Announcements',
    who: 'user',
    query: pageQuery,
    answer: announcementList,
    rule: showAnnouncements,
  }),
  route({
    method: 'get',
    path: '/admin/word-filter',
    summary: 'Words that are blocked or masked in messages',
    tag,
    who: 'moderator',
    answer: wordsShape,
    rule: showWords,
  }),
  route({
    method: 'put',
    path: '/admin/word-filter',
    summary: 'Replace the word filter, everywhere within 2 s',
    tag,
    who: 'admin',
    body: wordsBody,
    answer: wordsShape,
    rule: replaceWords,
  }),
];

import { AppError } from '@chatapi/kit';
import Joi from 'joi';
import { isStaff } from '../staff/staff-feed.ts';
import type { FrameType } from './frame-type.ts';

export const staffSubscribe: FrameType<{ type: 'staff_subscribe' }> = {
  schema: Joi.object<{ type: 'staff_subscribe' }>({ type: Joi.string().valid('staff_subscribe').required() }),
  summary: 'For moderators and admins: get figures, new reports and audit entries until the connection closes',
  handle(node, c) {
    if (!isStaff(node, c)) throw new AppError('AUTHORIZATION_ERROR', 'This needs the role moderator');
    node.staffFeed.add(c);
  },
};

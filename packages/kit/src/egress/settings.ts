import type Joi from 'joi';
import { listOf } from '../list-settings.ts';
import { rangeOf } from './reachable.ts';

function isRange(text: string): boolean {
  try {
    rangeOf(text);
    return true;
  } catch {
    return false;
  }
}

export interface EgressSettings {
  EGRESS_ALLOW: string[];
}

/** Keys for the settings of a service that sends requests to URLs which others chose. */
export const egressSettings = (): { EGRESS_ALLOW: Joi.Schema<string[]> } => ({
  EGRESS_ALLOW: listOf('an address range such as 10.20.0.0/16 or fd00::/8', isRange)
    .default([])
    .description(
      'address ranges that URLs given by admins may lead to although they are not globally reachable; `npm start` allows the loopback',
    ),
});

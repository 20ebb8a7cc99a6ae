// What a webhook may subscribe to.
import { FACT_TYPES } from '../facts-log/public-facts.ts';

/** Frames of the log. */
const FRAME_TYPES = [
  'message',
  'message_updated',
  'message_deleted',
  'reaction',
  'member_joined',
  'member_left',
  'room_updated',
] as const;

export const EVENT_TYPES = [...FRAME_TYPES, ...FACT_TYPES, '*'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

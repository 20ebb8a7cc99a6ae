// What is removed of a message that is deleted or whose sender is erased: all that a person or an
// application wrote, in its row and in the frames of the log.

/** For `update messages set`. */
export const WITHOUT_TEXT =
  "content = '', attachments = '[]', mentions = '{}', custom = null, unknown_names = null, search = null, search_version = null";

/** Of a `message` or `message_updated` frame. */
export function withoutText<Frame extends object>(frame: Frame): Frame {
  const { custom: _, ...kept } = frame as Frame & { custom?: unknown };
  return { ...kept, content: '', attachments: [], mentions: [], is_deleted: true } as unknown as Frame;
}

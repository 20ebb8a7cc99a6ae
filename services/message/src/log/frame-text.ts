// Links of files are signed in the text of a frame, wherever they stand in it. Nothing that an
// application wrote may look like one.
import type { Custom } from '@chatapi/kit';
import { withoutLinks } from '@chatapi/kit/auth';

export const withCustom = (frame: object, custom: Custom | undefined): string => {
  const json = JSON.stringify(frame);
  return custom === undefined ? json : `${json.slice(0, -1)},"custom":${withoutLinks(JSON.stringify(custom))}}`;
};

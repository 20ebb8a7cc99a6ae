import Joi from 'joi';
import { invalid } from './text/text-fields.ts';

const MAX = 2048;
const URL_PATTERN = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s\\]+$/;

/**
 * An http or https URL, also beyond ASCII. The value is as `URL` writes it: the scheme and the host
 * in lower case, the host in Punycode, the rest escaped. So no reader has to know other spellings.
 * @param path a path of this server that is taken as well, as it is.
 */
export const webUrl = (path?: RegExp): Joi.StringSchema =>
  Joi.string()
    .max(MAX)
    .pattern(
      path === undefined ? URL_PATTERN : new RegExp(`${URL_PATTERN.source}|${path.source}`),
      'must be an http or https URL',
    )
    .custom((value: string, h) => {
      if (path?.test(value)) return value;
      const url = value.isWellFormed() ? URL.parse(value) : null;
      if (url === null) return invalid(h, 'must be an http or https URL');
      return url.href.length > MAX ? invalid(h, `must have at most ${MAX} characters when escaped`) : url.href;
    })
    .prefs({ abortEarly: true });

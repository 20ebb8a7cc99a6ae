import Joi from 'joi';
import { invalid } from './text/text-fields.ts';

const MAX = 2048;

/**
 * An http or https URL, also beyond ASCII. The value is as `URL` writes it: the scheme and the host
 * in lower case, the host in Punycode, the rest escaped. So no reader has to know other spellings.
 */
export const webUrl = (): Joi.StringSchema =>
  Joi.string()
    .max(MAX)
    .pattern(/^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s\\]+$/, 'must be an http or https URL')
    .custom((value: string, h) => {
      const url = value.isWellFormed() ? URL.parse(value) : null;
      if (url === null) return invalid(h, 'must be an http or https URL');
      return url.href.length > MAX ? invalid(h, `must have at most ${MAX} characters when escaped`) : url.href;
    })
    .prefs({ abortEarly: true });

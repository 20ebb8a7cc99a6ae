import Joi from 'joi';

export const roomId = () =>
  Joi.string().pattern(
    /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/,
    'must be 1–64 of A–Z a–z 0–9 _ . : - and start with a letter or digit',
  );

export const seq = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);

export const clientId = () =>
  Joi.string()
    .max(128)
    .custom((value: string, h) =>
      value.isWellFormed() && [...value].length <= 64 ? value : h.error('string.max', { limit: 64 }),
    );

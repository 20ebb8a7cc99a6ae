// Secrets from files: a setting `X` that is a secret may come from the file that `X_FILE` names, as
// Docker and Kubernetes mount them.
import { readFileSync } from 'node:fs';
import type Joi from 'joi';

const META = { secret: true };

/** Marks a setting that may also come from a file. */
export const fromFile = <S extends Joi.Schema>(setting: S): S => setting.meta(META) as S;

interface Described {
  keys?: Record<string, { metas?: { secret?: boolean }[] }>;
}

const secretsOf = (schema: Joi.ObjectSchema): string[] =>
  Object.entries((schema.describe() as Described).keys ?? {}).flatMap(([name, { metas = [] }]) =>
    metas.some(({ secret }) => secret) ? [name] : [],
  );

/**
 * @returns the environment with the contents of the files, without the line feed at their end, and
 * what is wrong with the files.
 */
export function readSecretFiles(
  schema: Joi.ObjectSchema,
  env: Record<string, string | undefined>,
): { env: Record<string, string | undefined>; faults: string[] } {
  const all = { ...env };
  const faults: string[] = [];
  for (const name of secretsOf(schema)) {
    const path = env[`${name}_FILE`];
    if (path === undefined) continue;
    if (env[name] !== undefined) faults.push(`"${name}" and "${name}_FILE" are both set`);
    try {
      all[name] = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      faults.push(`"${name}_FILE" can’t be read: ${(error as NodeJS.ErrnoException).code}`);
    }
  }
  return { env: all, faults };
}

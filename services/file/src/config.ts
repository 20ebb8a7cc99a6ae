import {
  type BaseConfig,
  baseSettings,
  databaseSettings,
  internalUrls,
  type MigrationConfig,
  migrationSettings,
  readConfig,
} from '@chatapi/kit';
import { type FileLinkSettings, fileLinkSettings } from '@chatapi/kit/auth';
import type { DbSettings } from '@chatapi/kit/data';
import Joi from 'joi';
import { KNOWN_TYPES } from './uploads/file-types.ts';

export interface Config extends BaseConfig, DbSettings, FileLinkSettings {
  UPLOAD_DIR: string;
  STORAGE_URL?: string;
  S3_ENDPOINT?: string;
  S3_REGION: string;
  MAX_FILE_SIZE: number;
  ALLOWED_FILE_TYPES: string[];
  FILE_QUOTA_BYTES: number;
  FILE_ORPHAN_MINUTES: number;
  FILE_LOST_HOURS: number;
  CLAMAV_URL?: string;
  EXPORT_KEEP_HOURS: number;
  AUTH_INTERNAL_URL: string[];
  USER_INTERNAL_URL: string[];
  MESSAGE_INTERNAL_URL: string[];
  ADMIN_INTERNAL_URL: string[];
}

/** `.JPEG, png` → `['.jpg', '.png']`. Refuses types whose content this service can't check. */
const fileTypes = (): Joi.Schema<string[]> =>
  Joi.any()
    .custom((value: unknown, h) => {
      const names = String(value)
        .split(',')
        .map((part) => part.trim().toLowerCase())
        .filter((part) => part !== '')
        .map((part) => (part.startsWith('.') ? part : `.${part}`))
        .map((part) => (part === '.jpeg' ? '.jpg' : part));
      const unknown = names.filter((name) => !(name in KNOWN_TYPES));
      return unknown.length > 0 || names.length === 0
        ? h.error('types.unknown', { unknown: unknown.join(', ') })
        : [...new Set(names)];
    })
    .messages({
      'types.unknown': `{{#label}} must name some of ${Object.keys(KNOWN_TYPES).join(', ')}, not {{#unknown}}`,
    })
    .meta({ list: true }) as unknown as Joi.Schema<string[]>;

export const schema = Joi.object<Config>({
  ...baseSettings('file', 8004),
  ...databaseSettings(),
  UPLOAD_DIR: Joi.string().default('uploads').description('storage folder; STORAGE_URL takes precedence'),
  STORAGE_URL: Joi.string()
    .pattern(/^(s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?|file:\/\/\/.+|(?!\w+:\/\/).+)$/)
    .messages({ 'string.pattern.base': '{{#label}} must be a folder, file:///folder or s3://bucket/prefix' })
    .description('storage: a folder or s3://bucket/prefix (default: UPLOAD_DIR)'),
  S3_ENDPOINT: Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .description('URL of an S3 server other than AWS'),
  S3_REGION: Joi.string().default('us-east-1').description('region of the S3 bucket'),
  MAX_FILE_SIZE: Joi.number()
    .integer()
    .min(1)
    .max(5_000_000_000)
    .default(10_485_760)
    .description('maximum size of a file, in bytes'),
  ALLOWED_FILE_TYPES: fileTypes().default(['.jpg', '.png', '.pdf', '.txt']).description('allowed file name extensions'),
  ...fileLinkSettings(),
  FILE_QUOTA_BYTES: Joi.number().integer().min(0).default(0).description('maximum bytes stored per user; 0: no quota'),
  FILE_ORPHAN_MINUTES: Joi.number()
    .min(0.01)
    .default(10)
    .description('age at which stored bytes without a record are removed, in minutes'),
  FILE_LOST_HOURS: Joi.number()
    .min(0.001)
    .default(24)
    .description('time after which a record with missing bytes is removed, in hours'),
  CLAMAV_URL: Joi.string()
    .pattern(/^(tcp:\/\/[^\s/]+|unix:\/\/\/\S+)$/)
    .messages({ 'string.pattern.base': '{{#label}} must be tcp://host:3310 or unix:///path' })
    .description('clamd that scans every upload; unset: no scanning'),
  EXPORT_KEEP_HOURS: Joi.number()
    .min(0.001)
    .default(168)
    .description('lifetime of the archive of a data export, in hours'),
  AUTH_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9001'])
    .description('internal listeners of the auth service'),
  USER_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9002'])
    .description('internal listeners of the user service'),
  MESSAGE_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9003'])
    .description('internal listeners of the message service'),
  ADMIN_INTERNAL_URL: internalUrls()
    .default(['http://localhost:9005'])
    .description('internal listeners of the admin service'),
});

export const config = (): Config => readConfig(schema, process.env);

export const migrationConfig = (): MigrationConfig => readConfig(migrationSettings, process.env);

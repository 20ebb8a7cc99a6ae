// Schemas of requests and responses. They validate input and generate the OpenAPI document.
import { anyId, anyText, count, type Json, oneOf, time, wireList, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import type { ExportView } from './exports/exports.ts';
import type { FileView } from './file-access.ts';

export const fileId = Joi.object<{ id: string }, true>({
  id: anyId().required().description('`file_…`'),
});

export const fileSchema = wireObject<Json<FileView>>('File', {
  id: Joi.string(),
  filename: Joi.string().description('sanitized: one path segment, no control characters, no markup'),
  content_type: Joi.string(),
  size: count().description('in bytes'),
  sha256: Joi.string().pattern(/^[0-9a-f]{64}$/),
  description: anyText().allow(null),
  url: Joi.string()
    .allow(null)
    .description('relative and signed: needs no access token until `url_expires_at`; null for an infected file'),
  url_expires_at: time().allow(null),
  thumbnail_url: Joi.string().allow(null).description('null until the thumbnail exists, and for files without one'),
  uploaded_by: Joi.string(),
  scan_status: oneOf('off', 'pending', 'clean', 'infected').description(
    '`pending`: downloads give 404 until the file is scanned; `infected`: the bytes are removed',
  ),
  scan_result: Joi.string().allow(null).description('signature that the scanner found'),
  created_at: time(),
});

export const exportSchema = wireObject<Json<ExportView>>('Export', {
  id: Joi.string(),
  status: oneOf('pending', 'ready'),
  size: count().allow(null).description('size of the archive in bytes'),
  created_at: time(),
  finished_at: time().allow(null),
  expires_at: time().allow(null).description('time at which the archive is removed'),
  url: Joi.string().allow(null).description('relative and signed; a new one in each response'),
  url_expires_at: time().allow(null),
});

export const fileList = wireList('FileList', 'files', fileSchema);

const binary = (type: string) => ({ [type]: { schema: { type: 'string', format: 'binary' } } });

export const uploadDocs = {
  requestBody: {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object',
          required: ['file'],
          additionalProperties: false,
          properties: {
            file: {
              type: 'string',
              format: 'binary',
              description: 'exactly one; extension and content must be of an allowed type',
            },
            description: { type: 'string', maxLength: 1000 },
          },
        },
      },
    },
  },
};

export const contentDocs = {
  security: [{}, { bearer: [] }],
  responses: {
    200: { description: 'The whole file', content: binary('*/*') },
    206: { description: 'The requested range', content: binary('*/*') },
    304: { description: 'The ETag still holds' },
  },
};

export const exportDocs = {
  security: [{}],
  responses: { 200: { description: 'A zip archive', content: binary('application/zip') } },
};

export const thumbnailDocs = {
  security: [{}, { bearer: [] }],
  responses: {
    200: { description: 'A WebP image of at most 320 × 320 pixels', content: binary('image/webp') },
    304: { description: 'The ETag still holds' },
  },
};

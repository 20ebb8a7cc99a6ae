// The shapes that clients see, for validation where they come in and for the documents.
import Joi from 'joi';

export const fileId = Joi.object<{ id: string }, true>({
  id: Joi.string()
    .pattern(/^[A-Za-z0-9_-]{1,64}$/)
    .required()
    .description('`file_…`'),
});

export const fileShape = Joi.object({
  id: Joi.string().required(),
  filename: Joi.string().required().description('made safe: one path segment, no control characters, no markup'),
  content_type: Joi.string().required(),
  size: Joi.number().integer().required().description('bytes'),
  sha256: Joi.string().hex().length(64).required(),
  description: Joi.string().allow(null).required(),
  url: Joi.string()
    .allow(null)
    .required()
    .description('relative and signed: works without a token until `url_expires_at`; null when the file was infected'),
  url_expires_at: Joi.string().isoDate().allow(null).required(),
  thumbnail_url: Joi.string()
    .allow(null)
    .required()
    .description('null until the thumbnail exists, and for what is no picture'),
  uploaded_by: Joi.string().required(),
  scan_status: Joi.string()
    .valid('off', 'pending', 'clean', 'infected')
    .required()
    .description('`pending`: its bytes answer 404 until the scanner has judged; `infected`: they are removed'),
  scan_result: Joi.string().allow(null).required().description('what the scanner found'),
  created_at: Joi.string().isoDate().required(),
});

export const exportShape = Joi.object({
  id: Joi.string().required(),
  status: Joi.string().valid('pending', 'ready').required(),
  size: Joi.number().integer().allow(null).required().description('bytes of the archive'),
  created_at: Joi.string().isoDate().required(),
  finished_at: Joi.string().isoDate().allow(null).required(),
  expires_at: Joi.string().isoDate().allow(null).required().description('then the archive is removed'),
  url: Joi.string().allow(null).required().description('relative and signed; a fresh one at each look'),
  url_expires_at: Joi.string().isoDate().allow(null).required(),
});

export const fileList = Joi.object({
  files: Joi.array().items(fileShape).required(),
  has_more: Joi.boolean().required(),
});

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
              description: 'exactly one; its ending and its content must be of an allowed type',
            },
            description: { type: 'string', maxLength: 1000 },
          },
        },
      },
    },
  },
};

const error = { $ref: '#/components/responses/Error' };

export const contentDocs = {
  security: [{}, { bearerAuth: [] }],
  responses: {
    200: { description: 'All bytes', content: binary('*/*') },
    206: { description: 'The range asked for', content: binary('*/*') },
    304: { description: 'The ETag still holds' },
    416: error,
    default: error,
  },
};

export const exportDocs = {
  security: [{}],
  responses: { 200: { description: 'A zip', content: binary('application/zip') }, default: error },
};

export const thumbnailDocs = {
  security: [{}, { bearerAuth: [] }],
  responses: {
    200: { description: 'A WebP picture of at most 320 × 320', content: binary('image/webp') },
    304: { description: 'The ETag still holds' },
    default: error,
  },
};

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
  url: Joi.string().required().description('relative and signed: works without a token until `url_expires_at`'),
  url_expires_at: Joi.string().isoDate().required(),
  thumbnail_url: Joi.string()
    .allow(null)
    .required()
    .description('null until the thumbnail exists, and for what is no picture'),
  uploaded_by: Joi.string().required(),
  created_at: Joi.string().isoDate().required(),
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

export const thumbnailDocs = {
  security: [{}, { bearerAuth: [] }],
  responses: {
    200: { description: 'A WebP picture of at most 320 × 320', content: binary('image/webp') },
    304: { description: 'The ETag still holds' },
    default: error,
  },
};

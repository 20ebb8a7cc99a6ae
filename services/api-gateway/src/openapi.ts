// Owns: one OpenAPI document out of what the services describe from the schemas that they validate with.
import { type Row, rows } from './routes.ts';

export type Paths = Record<string, Record<string, Record<string, unknown>>>;
export type Fragments = Partial<Record<Row['service'], Paths>>;

const METHODS = new Set(['get', 'post', 'put', 'delete']);

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error', 'message', 'code', 'details', 'timestamp', 'request_id'],
  properties: {
    error: { const: true },
    message: { type: 'string' },
    code: {
      enum: [
        'VALIDATION_ERROR',
        'AUTHENTICATION_ERROR',
        'AUTHORIZATION_ERROR',
        'RESOURCE_NOT_FOUND',
        'METHOD_NOT_ALLOWED',
        'CONFLICT',
        'PAYLOAD_TOO_LARGE',
        'UNSUPPORTED_MEDIA_TYPE',
        'ACCOUNT_LOCKED',
        'RATE_LIMIT_EXCEEDED',
        'INTERNAL_ERROR',
        'SERVICE_UNAVAILABLE',
      ],
    },
    details: { type: 'object', description: 'For VALIDATION_ERROR: `fields`, each with `path` and `message`' },
    timestamp: { type: 'string', format: 'date-time' },
    request_id: { type: 'string' },
  },
  examples: [
    {
      error: true,
      message: 'Error description',
      code: 'VALIDATION_ERROR',
      details: {},
      timestamp: '2026-01-01T12:00:00.000Z',
      request_id: 'req_123',
    },
  ],
};

const LIMIT_HEADERS = Object.fromEntries(
  [
    ['X-Request-Id', 'Names this request in every log'],
    ['X-RateLimit-Limit', 'Requests per window'],
    ['X-RateLimit-Remaining', 'What is left of them'],
    ['X-RateLimit-Reset', 'Unix seconds at which all are there again'],
    ['Retry-After', 'Seconds to wait, on 429 and 503'],
  ].map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
);

/** `/rooms/{id}/members/{}`: the names of parameters are nobody's business but the service's. */
const shape = (method: string, path: string): string =>
  `${method.toUpperCase()} ${path.replace(/:\w+|\{\w+\}/g, '{}').replace(/(.)\/$/, '$1')}`;

const described = (paths: Paths): string[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => METHODS.has(method))
      .map((method) => shape(method, path)),
  );

/** Routes that the door has and the service does not describe, or the other way round: empty when they agree. */
export function differences(service: Row['service'], paths: Paths): string[] {
  const outside = new Set(rows.filter((row) => row.service === service).map(({ method, path }) => shape(method, path)));
  const inside = new Set(described(paths));
  return [
    ...[...outside.difference(inside)].map((route) => `${route} passes the door, but ${service} has no such route`),
    ...[...inside.difference(outside)].map((route) => `${route} of ${service} does not pass the door`),
  ];
}

function merge(fragments: Fragments): Paths {
  const paths: Paths = {};
  for (const [service, fragment] of Object.entries(fragments)) {
    const outside = new Set(
      rows.filter((row) => row.service === service).map(({ method, path }) => shape(method, path)),
    );
    for (const [path, operations] of Object.entries(fragment)) {
      const passing = Object.entries(operations).filter(([method]) => outside.has(shape(method, path)));
      if (passing.length > 0) paths[path] = { ...paths[path], ...Object.fromEntries(passing) };
    }
  }
  return paths;
}

export function openApiDocument(version: string, fragments: Fragments): Record<string, unknown> {
  const paths = merge(fragments);
  const tags = new Set(
    Object.values(paths).flatMap((path) => Object.values(path).flatMap(({ tags = [] }) => tags as string[])),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chat API',
      version,
      description: 'Accounts, rooms, messages, files and administration. Real-time frames: see /docs/realtime.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    servers: [{ url: '/', description: 'This server' }],
    security: [{ bearer: [] }],
    tags: [...tags].sort().map((name) => ({ name })),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Error: ERROR_SCHEMA },
      responses: {
        Error: {
          description: 'What went wrong',
          headers: LIMIT_HEADERS,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
    },
  };
}

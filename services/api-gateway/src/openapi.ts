// Joins the services' descriptions of their routes into one OpenAPI document.
import { type JsonSchema, nameSchemas } from '@chatapi/kit';
import type { ServiceName } from './config.ts';
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
    ['X-Request-Id', 'Identifies the request in all logs'],
    ['X-RateLimit-Limit', 'Requests per window'],
    ['X-RateLimit-Remaining', 'Requests left in the window'],
    ['X-RateLimit-Reset', 'Start of the next window, in Unix seconds'],
    ['Retry-After', 'Seconds to wait, on 429 and 503'],
  ].map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
);

const TAGS = [
  { name: 'Users', description: 'Accounts, profiles, sessions, and the export and erasure of personal data' },
  { name: 'Application users', description: 'Users that an application brings by ids of its own' },
  { name: 'Bots', description: 'Accounts of programs, and their tokens' },
  { name: 'Rooms', description: 'Rooms, their members, mutes and read positions' },
  { name: 'Messages', description: 'Messages, reactions and search' },
  { name: 'Files', description: 'Uploads, downloads and thumbnails' },
  { name: 'Announcements', description: 'Announcements to all users' },
  { name: 'Reports', description: 'Reports of messages, files and users to the moderators' },
  { name: 'Limits', description: 'Rate limits of the caller' },
  { name: 'Admin', description: 'Moderation, statistics, the audit log and the health of the services' },
  { name: 'Webhooks', description: 'What happens, told to a backend by signed requests' },
  { name: 'Health', description: 'Health checks that need no token' },
  { name: 'Pages', description: 'Pages to which links in mails lead' },
  { name: 'Documents', description: 'The API documents and their pages, and the SDKs' },
];

/** `GET /rooms/{}/members/{}`: without parameters' names, which only the service knows. */
const routeKey = (method: string, path: string): string =>
  `${method.toUpperCase()} ${path.replace(/:\w+|\{\w+\}/g, '{}').replace(/(.)\/$/, '$1')}`;

const routeKeysOf = (paths: Paths): string[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => METHODS.has(method))
      .map((method) => routeKey(method, path)),
  );

/** Routes in the gateway's table that the service does not describe, and the other way round. */
export function routeDifferences(service: Row['service'], paths: Paths): string[] {
  const inTable = new Set(
    rows.filter((row) => row.service === service).map(({ method, path }) => routeKey(method, path)),
  );
  const described = new Set(routeKeysOf(paths));
  return [
    ...[...inTable.difference(described)].map(
      (route) => `${route} is in the gateway's table, but ${service} has no such route`,
    ),
    ...[...described.difference(inTable)].map((route) => `${route} of ${service} is not in the gateway's table`),
  ];
}

function merge(fragments: Fragments): Paths {
  const paths: Paths = {};
  for (const [service, fragment] of Object.entries(fragments)) {
    const inTable = new Set(
      rows.filter((row) => row.service === service).map(({ method, path }) => routeKey(method, path)),
    );
    for (const [path, operations] of Object.entries(fragment)) {
      const publicOperations = Object.entries(operations).filter(([method]) => inTable.has(routeKey(method, path)));
      if (publicOperations.length > 0) paths[path] = { ...paths[path], ...Object.fromEntries(publicOperations) };
    }
  }
  return paths;
}

/** `missing`: services that are not described, because they never answered. */
export function openApiDocument(
  version: string,
  fragments: Fragments,
  missing: ServiceName[] = [],
): Record<string, unknown> {
  const schemas: Record<string, JsonSchema> = { Error: ERROR_SCHEMA };
  const paths = nameSchemas(merge(fragments), schemas) as Paths;
  const used = new Set(
    Object.values(paths).flatMap((path) => Object.values(path).flatMap(({ tags = [] }) => tags as string[])),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chat API',
      version,
      description: 'Accounts, rooms, messages, files and administration. Real-time frames: see /docs/realtime.',
      contact: { name: 'chatapi', url: 'https://github.com/chatapi/chatapi/issues' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    ...(missing.length === 0 ? {} : { 'x-missing': missing }),
    servers: [{ url: '/', description: 'This server' }],
    security: [{ bearer: [] }],
    tags: TAGS.filter(({ name }) => used.has(name)),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: {
        Error: {
          description: 'The error',
          headers: LIMIT_HEADERS,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
    },
  };
}

export {
  type AccessClaims,
  type AccessSettings,
  type AccessVerifier,
  openAccessVerifier,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from './access.ts';
export { openBurst } from './burst.ts';
export { type CallOptions, openKeptPeer, openPeer, type Peer } from './call.ts';
export { openCallDoor } from './call-door.ts';
export { Enclosed, NotBegun } from './call-socket.ts';
export { type BaseConfig, baseSettings, databaseSettings, list, readConfig, secret } from './config.ts';
export {
  type DbSettings,
  type Knex,
  type Migration,
  migrate,
  openDb,
  openPool,
  type Pool,
  type PoolClient,
} from './db.ts';
export { describeRoutes, jsonSchema } from './describe.ts';
export { Answer, type Call, type Method, parse, type Route, route, router, type Who } from './endpoint.ts';
export {
  AppError,
  ERROR_STATUS,
  type ErrorBody,
  type ErrorCode,
  errorBody,
  invalidField,
  notFound,
  toAppError,
  unavailable,
} from './errors.ts';
export { every, type Recurring } from './every.ts';
export {
  bearsFiles,
  type FileLinkSettings,
  type FileLinks,
  type FileVariant,
  fileLinkSettings,
  filePath,
  openFileLinks,
} from './file-links.ts';
export {
  type Anonymous,
  type Caller,
  IDENTITY_HEADER,
  type Identity,
  identityKey,
  openIdentity,
  type Role,
  type ServiceIdentity,
  sealIdentity,
} from './identity.ts';
export { newId, requestIdFrom } from './ids.ts';
export { type Lane, openLane } from './lane.ts';
export { type Limiter, type LimitResult, limitExceeded, limitHeaders, openLimiter } from './limiter.ts';
export { type Log, openLog, redactUrl } from './log.ts';
export { Counter, Gauge, Histogram, httpMetrics, type Metrics, openMetrics } from './metrics.ts';
export { type Paging, page, paging } from './page.ts';
export { openPipes, type Pipes } from './pipes.ts';
export { openQueueRedis, openRedis, openSubscriber, type Redis } from './redis.ts';
export { openRevocationSet, type RevocationOptions, type RevocationRecord, type RevocationSet } from './revocations.ts';
export { type Base, run, type Service } from './run.ts';
export { closeServer, endAnswer, errorResponse, listen, openApp, respondError, sendError } from './server.ts';
export { cleanText, say, type TextLimits, text } from './text.ts';

export { boundedList } from './bounded-list.ts';
export { closeServer } from './close-server.ts';
export {
  type BaseConfig,
  baseSettings,
  databaseSettings,
  type MigrationConfig,
  migrationSettings,
  readConfig,
  secret,
} from './config.ts';
export { type Custom, checkedCustom, customFault, customObject, customPatch, mergePatch, newCustom } from './custom.ts';
export {
  languageOf,
  Reply,
  type RequestContext,
  type Route,
  route,
  router,
} from './endpoint.ts';
export {
  AppError,
  ERROR_STATUS,
  type ErrorCode,
  errorBody,
  type Fault,
  invalidField,
  invalidFields,
  notFound,
  toAppError,
  unavailable,
} from './errors.ts';
export { showGauge } from './gauges.ts';
export { anyId, directRoomId, idOf, idParams, newId, requestIdFrom, roomId } from './ids.ts';
export { parse, refuseNul, withCheck } from './input.ts';
export { jsonOf, utf8Text } from './json-body.ts';
export { answerSchema, type JsonSchema, jsonSchema, nameSchemas } from './json-schema.ts';
export type { KeyAct } from './key-acts.ts';
export { allowsOrigin, internalUrls, listOf, originSettings, publicUrls } from './list-settings.ts';
export { createLog, type Log } from './log.ts';
export { Counter, createMetrics, Gauge, Histogram, httpMetrics, type Metrics } from './metrics.ts';
export { describeRoutes } from './openapi-operations.ts';
export { cursorKey, encodeCursor, type IdPaging, idPaging, type PageInfo, type Paging, page, paging } from './page.ts';
export { every, type RecurringTask } from './recurring.ts';
export { isWebSocketUpgrade, requireShortUrl } from './request-head.ts';
export { type Guarded, requireAllowed } from './route-access.ts';
export { type Base, run } from './run.ts';
export { fromFile } from './secret-files.ts';
export { SECURITY_EVENTS, type SecurityEvent } from './security-events.ts';
export { type SecurityDetails, type SecuritySink, securityEvent } from './security-log.ts';
export { createApp, endResponse, listen, refuseUpgrade, respondError } from './server.ts';
export { FOLD_VERSION, fold, foldWithOffsets, isVisible, UNSPACED } from './text/fold.ts';
export { cleanText } from './text/markup.ts';
export { characters, invalid, text } from './text/text-fields.ts';
export { inTheFuture, timestamp } from './time.ts';
export { hasUnfinishedMessage, MAX_MESSAGE_MS } from './unfinished-message.ts';
export { VERSION } from './version.ts';
export { webUrl } from './web-url.ts';
export { anyText, count, type Json, oneOf, pageFields, time, wireList, wireObject } from './wire-object.ts';

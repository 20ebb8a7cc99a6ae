export type {
  AdminApi,
  AdminRoomPatch,
  AdminRoomQuery,
  AuditFilter,
  AuditQuery,
  InviteInput,
  IssuerInput,
  KeyInput,
  ReportActInput,
  ReportQuery,
  SeriesQuery,
} from './admin.ts';
export type * from './admin-delivery-models.ts';
export type * from './admin-models.ts';
export type { AdminUserQuery, BanInput, FileListQuery } from './admin-people.ts';
export type { MessageSearchQuery } from './admin-records.ts';
export type { BotsApi } from './bots.ts';
export type { ChatInput, ChatPatch, ChatQuery, ChatsApi } from './chats.ts';
export { ChatClient, type ChatClientOptions, type ReportInput, type WebSocketApi } from './client.ts';
export { ChatApiError, type ErrorCode } from './errors.ts';
export type { EventStream } from './event-queue.ts';
export type * from './events.ts';
export type { FilesApi } from './files.ts';
export type { HooksApi } from './hooks.ts';
export type { IncomingWebhooksApi } from './incoming-webhooks.ts';
export type { Logger } from './logger.ts';
export type { ListQuery, MessageEdit, MessagesApi, Place, ReadInput, SendInput } from './messages.ts';
export type * from './models.ts';
export { localOutbox, type OutboxStore, type StoredSend } from './outbox-store.ts';
export type { Page, UserCard } from './pages.ts';
export type { Realtime, RealtimeOptions } from './realtime.ts';
export type { CallOptions, Paging } from './rest.ts';
export type * from './room-events.ts';
export type { LiveSendInput, LiveSendOptions } from './sends.ts';
export type * from './server-models.ts';
export type { LoginInput, RegisterInput } from './sign-in.ts';
export type { RoomsPage } from './state-pages.ts';
export { localTokens, type TokenStore } from './token-store.ts';
export type { TokenSource } from './tokens.ts';
export type { Source, UploadOptions } from './upload.ts';
export type { ProfilePatch, UsersApi } from './users.ts';
export type * from './webhook-models.ts';
export type { DeliveryQuery, ReplayInput, WebhooksApi } from './webhooks.ts';

export { type ConnectionSnapshot, type Live, type LiveOptions, live } from './live.ts';
export type { MembersSnapshot } from './members.ts';
export type { UserView } from './people.ts';
export type { Room, RoomSnapshot } from './room.ts';
export type { StateSendInput } from './room-actions.ts';
export type { Badges, RoomsSnapshot } from './room-stores.ts';
export type { Store } from './store.ts';
export type { LocalView, MessageView, RoomView } from './views.ts';

// Hooks over the stores of `@chatapi/client/state`. Each component is drawn again only when what it
// shows has changed; all of them share one connection.
import type { ChatClient } from '@chatapi/client';
import {
  type Badges,
  type ConnectionSnapshot,
  type Live,
  type LiveOptions,
  live,
  type MembersSnapshot,
  type Room,
  type RoomSnapshot,
  type RoomsSnapshot,
  type RoomView,
  type Store,
  type UserView,
} from '@chatapi/client/state';
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';

const Context = createContext<Live | undefined>(undefined);

export interface ChatProviderProps {
  /** One for the lifetime of the page; on a server, one for each request. */
  client: ChatClient;
  /** Of the first provider of a client. */
  options?: LiveOptions;
  children?: ReactNode;
}

export function ChatProvider({ client, options, children }: ChatProviderProps): ReactElement {
  return createElement(Context.Provider, { value: live(client, options) }, children);
}

/** The stores themselves. Throws outside of a `ChatProvider`. */
export function useLive(): Live {
  const found = useContext(Context);
  if (found === undefined) throw new Error('There is no ChatProvider around this component');
  return found;
}

/** The snapshot of any store. */
export const useStore = <T>(store: Store<T>): T =>
  useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);

export const useConnection = (): ConnectionSnapshot => useStore(useLive().connection());

/** The user's rooms, latest activity first. */
export const useRooms = (): RoomsSnapshot => useStore(useLive().rooms());

/** One of the user's rooms; undefined if it is not there. */
export const useRoomInfo = (chatId: string): RoomView | undefined => useStore(useLive().info(chatId));

/** Messages, and `room` with what can be done there. */
export type RoomState = RoomSnapshot & { readonly room: Room };

function useMessages(room: Room): RoomState {
  const snapshot = useStore(room);
  return useMemo(() => ({ ...snapshot, room }), [snapshot, room]);
}

export const useRoom = (chatId: string): RoomState => useMessages(useLive().room(chatId));

/** The replies to a message. */
export const useThread = (chatId: string, messageId: string): RoomState =>
  useMessages(useLive().room(chatId).thread(messageId));

export const useMembers = (chatId: string): MembersSnapshot => useStore(useLive().members(chatId));

/** Who else types in the room. */
export const useTyping = (chatId: string): readonly UserView[] => useStore(useLive().typing(chatId));

/** undefined until it is known. */
export const useUser = (userId: string): UserView | undefined => useStore(useLive().user(userId));

/** undefined until it is known. */
export const usePresence = (userId: string): ReturnType<ReturnType<Live['presence']>['getSnapshot']> =>
  useStore(useLive().presence(userId));

/** Unread messages of all rooms. */
export const useBadges = (): Badges => useStore(useLive().badges());

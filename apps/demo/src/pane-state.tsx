// What the parts of a pane share: whose it is, and what is open in it.
import type { RoomView } from '@chatapi/client/state';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Person } from './people.ts';
import type { Texts } from './texts.ts';

export interface Jump {
  chatId: string;
  seq: number;
}

export interface PaneState {
  me: Person;
  /** The other one of the page. */
  other: Person;
  /** Somebody sees it: what is shown counts as read. */
  isVisible: boolean;
  open(chatId: string, seq?: number): void;
  openThread(messageId: string | undefined): void;
  /** Something was refused. */
  refuse(error: unknown): void;
}

export const PaneContext = createContext<PaneState | undefined>(undefined);

export const usePane = (): PaneState => useContext(PaneContext) as PaneState;

export const roomName = (texts: Texts, room: RoomView | undefined): string =>
  room === undefined
    ? '…'
    : room.kind === 'direct'
      ? (room.recipient?.display_name ?? texts.direct)
      : (room.name ?? room.chat_id);

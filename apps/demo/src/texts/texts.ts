// All words of the page.

export interface Texts {
  title: string;
  promise: string;
  lead: string;
  documents: string;
  language: string;
  theme: string;
  people: string;
  preparing: string;
  failed: string;
  tryAgain: string;
  startOver: string;
  ended: string;
  // People and connections.
  cut: string;
  mend: string;
  kill: string;
  killed(node: string): string;
  notKilled: string;
  online: string;
  offline: string;
  isCut: string;
  states: Record<'idle' | 'connecting' | 'connected' | 'waiting' | 'closed', string>;
  inspector: string;
  node: string;
  state: string;
  position: string;
  behind(count: number): string;
  pending: string;
  resume: string;
  resumed(events: number, ms: number): string;
  none: string;
  // Rooms.
  rooms: string;
  unread(count: number): string;
  back: string;
  direct: string;
  members(count: number): string;
  empty: string;
  nothingYet: string;
  newRoom: string;
  noRooms: string;
  loading: string;
  loadFailed: string;
  firstRoom: string;
  firstTopic: string;
  secondRoom: string;
  hello(name: string): string;
  helloBack: string;
  directly: string;
  // Messages.
  messages(room: string): string;
  today: string;
  yesterday: string;
  you: string;
  edited: string;
  deleted: string;
  unknown: string;
  statuses: Record<'sent' | 'delivered' | 'read' | 'sending' | 'uploading' | 'failed', string>;
  retry: string;
  discard: string;
  react: string;
  reactWith(emoji: string): string;
  reactions(emoji: string, count: number): string;
  reply: string;
  edit: string;
  delete: string;
  deleteAsk: string;
  cancel: string;
  thread: string;
  replies(count: number): string;
  inReply(name: string): string;
  close: string;
  latest: string;
  typing(names: readonly string[]): string;
  // Writing.
  write(room: string): string;
  writeReply: string;
  send: string;
  save: string;
  editing: string;
  attach: string;
  emoji: string;
  remove(name: string): string;
  // Search.
  search: string;
  searchIn: string;
  found(count: number): string;
  refused(message: string): string;
}

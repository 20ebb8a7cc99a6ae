// Admins see which application key sent a message as its sender.
import type { Caller } from '@chatapi/kit/auth';
import type { Context } from '../context.ts';
import { keysOfMessages } from '../log/application-key-senders-store.ts';
import type { Message } from '../log/message.ts';

/** One query for any number of messages, and none for others than admins. */
export async function showKeys(
  { db }: Pick<Context, 'db'>,
  { role }: Pick<Caller, 'role'>,
  messages: Message[],
): Promise<Message[]> {
  if (role !== 'admin' || messages.length === 0) return messages;
  const places = messages.map(({ chat_id: room_id, seq }) => ({ room_id, seq }));
  const keys = new Map((await keysOfMessages(db, places)).map((one) => [`${one.room_id} ${one.seq}`, one.key_id]));
  if (keys.size === 0) return messages;
  return messages.map((message) => {
    const sent_by_key = keys.get(`${message.chat_id} ${message.seq}`);
    return sent_by_key === undefined ? message : { ...message, sent_by_key };
  });
}

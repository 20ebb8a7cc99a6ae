// The commands for backends with an application key; see PROTOCOL.md, "Commands".
import { type ActingApi, ChatServer, verifyWebhook } from '@chatapi/client/server';
import type { Command } from './command.ts';

export function openServerCommands(): Record<string, Command> {
  const servers = new Map<string, ChatServer>();
  const serverOf = ({ server }: { server: string }): ChatServer => servers.get(server) as ChatServer;
  const actingAs = ({ server, external_id: externalId, user_id }: any): ActingApi =>
    serverOf({ server }).as(user_id ?? { externalId });
  return {
    serve: ({ server, base_url: baseUrl, key }) => void servers.set(server, new ChatServer({ baseUrl, key })),
    put_user: ({ server, external_id, ...fields }) => serverOf({ server }).users.put(external_id, fields),
    put_users: (args) => serverOf(args).users.batch(args.users),
    own_user: (args) => serverOf(args).users.get(args.external_id),
    activate: (args) => serverOf(args).users.activate(args.external_id),
    deactivate: (args) => serverOf(args).users.deactivate(args.external_id),
    delete_user: (args) => serverOf(args).users.delete(args.external_id),
    mint: ({ server, external_id, ...input }) => serverOf({ server }).users.createToken(external_id, input),
    find_user: (args) => serverOf(args).users.byId(args.user_id),
    stats: (args) => serverOf(args).stats(),
    follow: async ({ server, chat_id, after, to }) => {
      const seen: unknown[] = [];
      for await (const event of serverOf({ server }).events.iterate(chat_id, { after, pollMs: 200 })) {
        seen.push([event.seq, event.type, 'id' in event ? event.id : null]);
        if (event.seq >= to) break;
      }
      return seen;
    },
    act_send: ({ chat_id, content, ...args }) => actingAs(args).messages.send({ chat_id, content }),
    act_rename: ({ chat_id, name, ...args }) => actingAs(args).chats.update(chat_id, { name }),
    act_upload: ({ name, content, ...args }) =>
      actingAs(args).files.upload(new TextEncoder().encode(content), { name }),
    act_me: (args) => actingAs(args).users.me(),
    create_bot: ({ server, ...bot }) => serverOf({ server }).bots.create(bot),
    bot_token: ({ server, bot_id, ...input }) => serverOf({ server }).bots.createToken(bot_id, input),
    bot_tokens: async (args) => (await serverOf(args).bots.tokens(args.bot_id)).items.map(({ id }) => id),
    end_bot_token: (args) => serverOf(args).bots.endToken(args.bot_id, args.token_id),
    delete_bot: (args) => serverOf(args).bots.delete(args.bot_id),
    create_webhook: ({ server, ...input }) => serverOf({ server }).webhooks.create(input),
    delete_webhook: (args) => serverOf(args).webhooks.delete(args.webhook_id),
    verify_webhook: ({ headers, body, secret }) => verifyWebhook(headers, body, secret),
    create_incoming: ({ chat_id, name, ...args }) => actingAs(args).incomingWebhooks.create(chat_id, { name }),
    incoming: async ({ chat_id, ...args }) =>
      (await actingAs(args).incomingWebhooks.list(chat_id)).items.map(({ id }) => id),
    delete_incoming: ({ chat_id, webhook_id, ...args }) => actingAs(args).incomingWebhooks.delete(chat_id, webhook_id),
    put_hook: ({ server, ...input }) => serverOf({ server }).hooks.putBeforeMessage(input),
    hook: (args) => serverOf(args).hooks.beforeMessage(),
    delete_hook: (args) => serverOf(args).hooks.deleteBeforeMessage(),
    server_ban: ({ server, user_id, ...input }) => serverOf({ server }).moderation.ban(user_id, input),
  };
}

// All facts: publisher, subscribers and payload schema of each. Only these can be published.
import Joi from 'joi';

export type ServiceName = 'auth' | 'user' | 'message' | 'file' | 'admin' | 'integration';

const time = () => Joi.string().isoDate().required();
const id = () => Joi.string().required();

export interface Account {
  user_id: string;
  username: string;
  /** null: an application's own user without one. */
  email: string | null;
  /** Not told by auth of the release before. */
  email_verified?: boolean;
  role: 'user' | 'moderator' | 'admin';
  status: 'active' | 'banned' | 'deactivated';
  /** Processes of the release before do not send it: a person. */
  kind?: 'user' | 'bot';
  /** The id that the application gave its own user. Not sent by the release before. */
  external_id?: string | null;
  created_at: string;
  updated_at: string;
}

const account = {
  user_id: id(),
  username: Joi.string().required(),
  email: Joi.string().allow(null).required(),
  email_verified: Joi.boolean(),
  role: Joi.string().valid('user', 'moderator', 'admin').required(),
  status: Joi.string().valid('active', 'banned', 'deactivated').required(),
  kind: Joi.string().valid('user', 'bot'),
  external_id: Joi.string().allow(null),
  created_at: time(),
  updated_at: time(),
};

const newAccount = { ...account, display_name: Joi.string().allow('').required(), avatar_url: Joi.string() };

/** In one fact. */
export const MAX_NEW_ACCOUNTS = 100;

/** `avatar_url`: as an application gave it. */
export type NewAccount = Account & { display_name: string; avatar_url?: string };

export interface Facts {
  'account.created': NewAccount;
  /** An application brought them. Empty once all of them are erased. */
  'accounts.created': { accounts: NewAccount[] };
  /**
   * Role change, ban, deactivation, another name or email. Carries the whole account. Facts may
   * arrive out of order, so subscribers keep the newest `updated_at`.
   */
  'account.updated': Account;
  /** A login or refresh. At most one per user in 10 minutes. */
  'account.seen': { user_id: string; at: string };
  /** A new account whose invite makes it a member of these rooms, of those that exist. */
  'account.invited': { user_id: string; rooms: string[]; at: string };
  /** The account is erased. Subscribers erase their data of it and accept no late data. */
  'account.erased': { user_id: string; erased_at: string };
  'profile.updated': {
    user_id: string;
    display_name: string;
    bio: string;
    avatar_url: string | null;
    updated_at: string;
  };
  /** The user has another avatar, or none. Older processes that set avatars do not tell it. */
  'profile.avatar': { user_id: string; avatar_url: string | null; updated_at: string };
  'room.created': { room_id: string; kind: 'public' | 'private' | 'direct'; created_at: string };
  'room.updated': { room_id: string; kind: 'public' | 'private' | 'direct'; updated_at: string };
  'room.deleted': { room_id: string; deleted_at: string };
  /** Number of messages created in one second, in any number of commits. */
  'messages.created': { count: number; created_at: string };
  /** Heads of rooms whose logs have grown, for followers of the log. Not of users' own rooms. */
  'rooms.moved': { heads: Record<string, number> };
  'messages.deleted': { messages: { id: string; room_id: string; created_at: string; deleted_at: string }[] };
  /**
   * For the audit log: a service other than admin allowed an action because of a staff role, or to
   * an application key.
   */
  'staff.acted': {
    audit_id: string;
    action: string;
    actor_id: string;
    target_id: string;
    details: Record<string, unknown>;
    ip: string;
    request_id: string;
    at: string;
  };
  /** The same for many targets at once: one entry of the audit log each. */
  'staff.acted_on_many': {
    actor_id: string;
    ip: string;
    request_id: string;
    at: string;
    acts: { audit_id: string; action: string; target_id: string; details: Record<string, unknown> }[];
  };
  'file.created': { file_id: string; user_id: string; bytes: number; created_at: string };
  'file.deleted': { file_id: string; user_id: string; bytes: number; deleted_at: string };
  /** The virus scanner found `signature`. The bytes are removed. */
  'file.infected': { file_id: string; user_id: string; signature: string; found_at: string };
  'report.created': {
    report_id: string;
    reporter_id: string;
    target_type: 'message' | 'file' | 'user';
    target_id: string;
    created_at: string;
  };
  /** Files of an erased user. Messages of other users may contain them. */
  'files.erased': { file_ids: string[] };
}

export type FactName = keyof Facts;

interface Entry<N extends FactName> {
  /** Several: each tells of its own acts. */
  from: ServiceName | readonly ServiceName[];
  heard_by: readonly ServiceName[];
  schema: Joi.ObjectSchema<Facts[N]>;
}

const kind = () => Joi.string().valid('public', 'private', 'direct').required();

export const FACTS: { readonly [N in FactName]: Entry<N> } = {
  'account.created': {
    from: 'auth',
    heard_by: ['user', 'message', 'admin', 'integration'],
    schema: Joi.object(newAccount),
  },
  'accounts.created': {
    from: 'auth',
    heard_by: ['user', 'message', 'admin', 'integration'],
    schema: Joi.object({ accounts: Joi.array().items(Joi.object(newAccount)).max(MAX_NEW_ACCOUNTS).required() }),
  },
  'account.updated': {
    from: 'auth',
    heard_by: ['user', 'message', 'admin', 'integration'],
    schema: Joi.object(account),
  },
  'account.seen': { from: 'auth', heard_by: ['admin'], schema: Joi.object({ user_id: id(), at: time() }) },
  'account.invited': {
    from: 'auth',
    heard_by: ['message'],
    schema: Joi.object({ user_id: id(), rooms: Joi.array().items(Joi.string()).min(1).required(), at: time() }),
  },
  'account.erased': {
    from: 'auth',
    heard_by: ['user', 'message', 'file', 'admin', 'integration'],
    schema: Joi.object({ user_id: id(), erased_at: time() }),
  },
  'profile.updated': {
    from: 'user',
    heard_by: ['message'],
    schema: Joi.object({
      user_id: id(),
      display_name: Joi.string().allow('').required(),
      bio: Joi.string().allow('').required(),
      avatar_url: Joi.string().allow(null).required(),
      updated_at: time(),
    }),
  },
  'profile.avatar': {
    from: 'user',
    heard_by: ['message'],
    schema: Joi.object({ user_id: id(), avatar_url: Joi.string().allow(null).required(), updated_at: time() }),
  },
  'room.created': {
    from: 'message',
    heard_by: ['admin'],
    schema: Joi.object({ room_id: id(), kind: kind(), created_at: time() }),
  },
  'room.updated': {
    from: 'message',
    heard_by: ['admin'],
    schema: Joi.object({ room_id: id(), kind: kind(), updated_at: time() }),
  },
  'room.deleted': {
    from: 'message',
    heard_by: ['admin', 'integration'],
    schema: Joi.object({ room_id: id(), deleted_at: time() }),
  },
  'messages.created': {
    from: 'message',
    heard_by: ['admin'],
    schema: Joi.object({ count: Joi.number().integer().min(1).required(), created_at: time() }),
  },
  'rooms.moved': {
    from: 'message',
    heard_by: ['integration'],
    schema: Joi.object({ heads: Joi.object().pattern(Joi.string(), Joi.number().integer().min(1)).required() }),
  },
  'messages.deleted': {
    from: 'message',
    heard_by: ['admin'],
    schema: Joi.object({
      messages: Joi.array()
        .items(Joi.object({ id: id(), room_id: id(), created_at: time(), deleted_at: time() }))
        .min(1)
        .required(),
    }),
  },
  'staff.acted': {
    from: ['auth', 'user', 'message', 'file', 'integration'],
    heard_by: ['admin'],
    schema: Joi.object({
      audit_id: id(),
      action: Joi.string().required(),
      actor_id: id(),
      target_id: id(),
      details: Joi.object().required(),
      ip: Joi.string().allow('').required(),
      request_id: id(),
      at: time(),
    }),
  },
  'staff.acted_on_many': {
    from: 'auth',
    heard_by: ['admin'],
    schema: Joi.object({
      actor_id: id(),
      ip: Joi.string().allow('').required(),
      request_id: id(),
      at: time(),
      acts: Joi.array()
        .items(
          Joi.object({
            audit_id: id(),
            action: Joi.string().required(),
            target_id: id(),
            details: Joi.object().required(),
          }),
        )
        .min(1)
        .required(),
    }),
  },
  'file.created': {
    from: 'file',
    heard_by: ['admin', 'integration'],
    schema: Joi.object({ file_id: id(), user_id: id(), bytes: Joi.number().required(), created_at: time() }),
  },
  'file.deleted': {
    from: 'file',
    heard_by: ['admin'],
    schema: Joi.object({ file_id: id(), user_id: id(), bytes: Joi.number().required(), deleted_at: time() }),
  },
  'file.infected': {
    from: 'file',
    heard_by: ['admin'],
    schema: Joi.object({ file_id: id(), user_id: id(), signature: id(), found_at: time() }),
  },
  'report.created': {
    from: 'admin',
    heard_by: ['integration'],
    schema: Joi.object({
      report_id: id(),
      reporter_id: id(),
      target_type: Joi.string().valid('message', 'file', 'user').required(),
      target_id: id(),
      created_at: time(),
    }),
  },
  'files.erased': {
    from: 'file',
    heard_by: ['message'],
    schema: Joi.object({ file_ids: Joi.array().items(Joi.string()).min(1).required() }),
  },
};

export const publishes = (service: ServiceName, name: FactName): boolean => [FACTS[name].from].flat().includes(service);

export interface Fact<N extends FactName = FactName> {
  id: string;
  name: N;
  payload: Facts[N];
}

/** Handlers get facts in batches. `trx` also marks them as handled: do all writes in it. */
export type FactHandlers<T> = { [N in FactName]?: (payloads: Facts[N][], trx: T) => Promise<void> };

/** Makes a batch handler from a handler of one fact. */
export const each =
  <P, T>(rule: (payload: P, trx: T) => Promise<void>) =>
  async (payloads: P[], trx: T): Promise<void> => {
    for (const payload of payloads) await rule(payload, trx);
  };

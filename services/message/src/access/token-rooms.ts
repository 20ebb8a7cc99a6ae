// A bot's token may be limited to rooms. The other rooms do not exist for it.
import { AppError, notFound, type Route } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { PipelinedPool } from '@chatapi/kit/data';
import { roomOfMessage } from './message-room-store.ts';
import { namedRoom } from './room-access.ts';

type Limited = Pick<Caller, 'user_id' | 'rooms'>;

export const isWithin = ({ rooms }: Pick<Caller, 'rooms'>, roomId: string): boolean =>
  rooms === undefined || rooms.includes(roomId);

/** @throws AppError RESOURCE_NOT_FOUND */
export function requireTokenRoom(caller: Limited, named: { chat_id?: string; recipient_id?: string }): void {
  if (caller.rooms === undefined) return;
  const room = namedRoom(caller, named);
  if (room === undefined)
    throw new AppError('AUTHORIZATION_ERROR', 'A token that is limited to rooms must name one of them', {
      details: { reason: 'rooms' },
    });
  if (!isWithin(caller, room)) throw notFound('Room');
}

async function requireMessageWithin(reads: PipelinedPool, caller: Limited, id: string): Promise<void> {
  if (caller.rooms === undefined) return;
  const room = await roomOfMessage(reads, id);
  if (room === undefined || !isWithin(caller, room)) throw notFound('Message');
}

type Check<C> = (ctx: C, call: Parameters<Route<C>['rule']>[1]) => Promise<void>;

/** Routes that name a room or a message in their path, checked before their rules. */
function checked<C>(route: Route<C>, check: Check<C>): Route<C> {
  return {
    ...route,
    rule: async (ctx, call) => {
      await check(ctx, call);
      return await route.rule(ctx, call);
    },
  };
}

const ofRoom: Check<unknown> = async (_ctx, { caller, params }) => {
  if (!isWithin(caller, params.id)) throw notFound('Room');
};
const ofMessage: Check<{ reads: PipelinedPool }> = (ctx, { caller, params }) =>
  requireMessageWithin(ctx.reads, caller, params.id);

export const limitedToRooms = <C extends { reads: PipelinedPool }>(routes: Route<C>[]): Route<C>[] =>
  routes.map((route) => {
    if (route.path.startsWith('/rooms/:id')) return checked(route, ofRoom);
    return route.path.startsWith('/messages/:id') ? checked(route, ofMessage) : route;
  });

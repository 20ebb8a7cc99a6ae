import { route } from '@chatapi/kit';
import type { Context } from './context.ts';
import { asyncApi } from './frames/asyncapi.ts';

export const internalRoutes = [
  route<Context>({
    method: 'get',
    path: '/internal/asyncapi.json',
    summary: 'Get the AsyncAPI document of the WebSocket',
    who: ['api-gateway'],
    rule: async (ctx) => asyncApi(await ctx.messageFrames.read(), await ctx.staffFrames.read()),
  }),
];

import { route } from '@chatapi/kit';
import { asyncApi } from './asyncapi.ts';
import type { Context } from './context.ts';

export const internalRoutes = [
  route<Context>({
    method: 'get',
    path: '/internal/asyncapi.json',
    summary: 'The socket, as AsyncAPI',
    who: 'service',
    rule: async () => asyncApi(),
  }),
];

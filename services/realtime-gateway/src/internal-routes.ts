import { type Route, route } from '@chatapi/kit';
import { asyncApi } from './asyncapi.ts';
import type { Context } from './context.ts';

export const internalRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/internal/asyncapi.json',
    summary: 'The socket described in AsyncAPI 3.0',
    who: 'service',
    rule: async () => asyncApi(),
  }),
];

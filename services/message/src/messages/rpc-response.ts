// Responses to client requests that the gateway forwards by RPC, ready to be sent.
import { errorBody, type Reply, toAppError } from '@chatapi/kit';
import type { Context } from '../context.ts';

export interface Ready {
  status: number;
  headers: Record<string, string>;
  /** JSON. */
  body: string;
}

export interface RequestInfo {
  method: 'GET' | 'POST';
  request_id: string;
  /** Start, from `performance.now()`. */
  since: number;
}

async function outcome(ctx: Context, request_id: string, work: () => Promise<Reply>): Promise<Ready> {
  try {
    const { status, headers, body } = await work();
    return { status, headers, body: JSON.stringify(body) };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === 'INTERNAL_ERROR') ctx.log.error({ err: error.cause, request_id }, 'a request failed');
    return { status: error.status, headers: error.headers, body: JSON.stringify(errorBody(error, request_id)) };
  }
}

/** The reply of `work`, or the error body for what it throws, as over HTTP. */
export async function readyAnswer(
  ctx: Context,
  { method, request_id, since }: RequestInfo,
  work: () => Promise<Reply>,
): Promise<Ready> {
  const ready = await outcome(ctx, request_id, work);
  ctx.messageMetrics.answered(method, ready.status, (performance.now() - since) / 1000);
  return ready;
}

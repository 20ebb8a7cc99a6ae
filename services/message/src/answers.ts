// Owns: answers to requests that the gateway hands over by the kept connection, ready to be sent to the client.
import { type Answer, errorBody, toAppError } from '@chatapi/kit';
import type { Context } from './context.ts';

export interface Ready {
  status: number;
  headers: Record<string, string>;
  /** JSON. */
  body: string;
}

export interface Asked {
  method: 'GET' | 'POST';
  request_id: string;
  /** By `performance.now()`. */
  since: number;
}

async function outcome(ctx: Context, request_id: string, work: () => Promise<Answer>): Promise<Ready> {
  try {
    const { status, headers, body } = await work();
    return { status, headers, body: JSON.stringify(body) };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === 'INTERNAL_ERROR') ctx.log.error({ err: error.cause, request_id }, 'a request failed');
    return { status: error.status, headers: error.headers, body: JSON.stringify(errorBody(error, request_id)) };
  }
}

/** What `work` answers, or the error object for what it throws: as HTTP would have it. */
export async function readyAnswer(
  ctx: Context,
  { method, request_id, since }: Asked,
  work: () => Promise<Answer>,
): Promise<Ready> {
  const ready = await outcome(ctx, request_id, work);
  ctx.counted.answered(method, ready.status, (performance.now() - since) / 1000);
  return ready;
}

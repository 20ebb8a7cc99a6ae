import { type AppError, toAppError } from '@chatapi/kit';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';
import { jsonFrame } from './ws-frame.ts';

/** Writes an error frame with the codes of REST, and the `client_id` of the failed message. */
export function sendErrorFrame(node: Node, c: Connection, thrown: unknown, clientId?: string | null): void {
  const error: AppError = toAppError(thrown);
  if (error.code === 'INTERNAL_ERROR')
    node.log.error({ err: error.cause ?? error, connection: c.id }, 'a frame failed');
  const { retry_after_s } = error.details as { retry_after_s?: number };
  node.writer.write(
    c,
    jsonFrame({
      type: 'error',
      code: error.code,
      message: error.message,
      details: error.details,
      ...(clientId == null ? {} : { client_id: clientId }),
      ...(retry_after_s === undefined ? {} : { retry_after_ms: retry_after_s * 1000 }),
    }),
  );
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Node } from '../context.ts';
import { plainRequest } from '../upgrade.ts';
import { isStreamPath } from './admit-stream.ts';
import { serveStream } from './serve-stream.ts';

type Handler = (req: IncomingMessage & { path: string }, res: ServerResponse, next: (error: unknown) => void) => void;

/** The public listener: streams, and an error for all other plain requests. */
export const createStreamHandler =
  (node: Node): Handler =>
  (req, res, next) => {
    if (isStreamPath(req.path)) serveStream(node, req, res).catch(next);
    else next(plainRequest(req.path));
  };

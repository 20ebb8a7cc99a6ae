import type { Scope } from '@chatapi/kit/auth';
import type Joi from 'joi';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';

/** A type of client frame: its schema and its handler. */
export interface FrameType<F> {
  schema: Joi.ObjectSchema<F>;
  summary: string;
  /** What a bot's token needs; unset: nothing. */
  scope?: Scope;
  /** `size` in bytes. @throws AppError, which is sent as an error frame. */
  handle(node: Node, c: Connection, frame: F, size: number): void | Promise<void>;
}

import type Joi from 'joi';
import type { Connection, Node } from '../node.ts';

/** One type of client frame: its shape and what it does. */
export interface FrameType<F> {
  schema: Joi.ObjectSchema<F>;
  summary: string;
  /** `size`: bytes of the frame. Throws AppError for an error frame. */
  handle(node: Node, c: Connection, frame: F, size: number): void | Promise<void>;
}

// Where the streams of all rooms begin: bases that cursors stand on, saved by the message service.
import type { ServiceClient } from '@chatapi/kit/rpc';

type Positions = Record<string, number>;

export interface StreamBases {
  /** @returns the id, the same for equal positions. @throws AppError SERVICE_UNAVAILABLE. */
  save(user_id: string, positions: Positions): Promise<string>;
  /**
   * `positions`: of these rooms in the base; `joined`: of rooms that it does not have, before the
   * user joined them; `known`: whether the base is still there. @throws AppError
   * SERVICE_UNAVAILABLE.
   */
  find(asked: {
    user_id: string;
    base: string | undefined;
    rooms: string[];
  }): Promise<{ known: boolean; positions: Positions; joined: Positions }>;
}

const TIMEOUT_MS = 4000;

export const createStreamBases = (message: Pick<ServiceClient, 'call'>): StreamBases => ({
  async save(user_id, positions) {
    const body = { user_id, positions };
    const { id } = await message.call<{ id: string }>('POST', '/internal/stream-bases', {
      body,
      timeoutMs: TIMEOUT_MS,
    });
    return id;
  },
  find: (body) => message.call('POST', '/internal/stream-positions', { body, timeoutMs: TIMEOUT_MS }),
});

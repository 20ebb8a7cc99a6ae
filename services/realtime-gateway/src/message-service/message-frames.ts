// Schemas of the frames made by another service, for the AsyncAPI document. While it is unavailable
// or too old to provide them, the last known ones are used.
import type { JsonSchema } from '@chatapi/kit';
import type { ServiceClient } from '@chatapi/kit/rpc';

export type FrameDocuments = Record<string, { summary: string; schema: JsonSchema }>;

export interface MessageFrames {
  /**
   * Returns the cached schemas. Waits for a response only while there are none, for a short time.
   */
  read(): Promise<FrameDocuments>;
}

const TIMEOUT_MS = 1000;
const MAX_AGE_MS = 60_000;
/** For this time after a failure, no call waits. */
const PAUSE_MS = 5000;

export function createMessageFrames(service: Pick<ServiceClient, 'call'>): MessageFrames {
  let known: FrameDocuments | undefined;
  let readAt = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function fetch(): Promise<void> {
    try {
      const answer = await service.call<{ frames: FrameDocuments }>('GET', '/internal/frames', {
        timeoutMs: TIMEOUT_MS,
      });
      known = answer.frames;
      readAt = Date.now();
    } catch {
      failedAt = Date.now();
    } finally {
      reading = undefined;
    }
  }

  return {
    async read() {
      if (known !== undefined && Date.now() - readAt < MAX_AGE_MS) return known;
      reading ??= fetch();
      if (known === undefined && Date.now() - failedAt > PAUSE_MS) await reading;
      return known ?? {};
    },
  };
}

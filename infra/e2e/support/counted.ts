// A bit of everything that statistics count: rooms, messages, files, people; made and deleted.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import type { Test } from 'supertest';
import { type Account, type Json, register, rest } from './client.ts';

const PATIENCE_MS = 45_000;

/**
 * Again until it is taken: on a machine that is busy with all of this the gateway may say 503. What
 * is done twice, a recount sees too.
 */
const taken = (ask: () => Test, ...statuses: number[]): Promise<Json> =>
  eventually(async () => {
    const { status, body } = await ask();
    expect(status, JSON.stringify(body)).to.be.oneOf(statuses);
    return body;
  }, PATIENCE_MS);

/** The n-th time. */
export async function doAll(url: string, ann: Account, n: number): Promise<void> {
  const bob = await eventually(() => register('bob', url), PATIENCE_MS);
  const [asAnn, asBob] = [rest(ann, url), rest(bob, url)];
  await taken(() => asBob.post('/rooms', { chat_id: `hidden-${n}`, visibility: 'private' }), 201, 409);
  const send = (body: object): Promise<Json> => taken(() => asAnn.post('/messages/', body), 201);
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, i) => send({ chat_id: `load-${n}`, content: `m${i}` })),
  );
  await Promise.all(sent.slice(0, 5).map(({ id }) => taken(() => asAnn.delete(`/messages/${id}`), 204)));
  await send({ recipient_id: bob.id, content: 'hi' });
  const upload = (text: string): Promise<Json> =>
    taken(() => asBob.post('/files/upload').attach('file', Buffer.from(text), 'a.txt'), 201);
  const kept = await upload('12345');
  await upload('1234567');
  await taken(() => asBob.delete(`/files/${kept.id}`), 204);
  if (n % 2 === 0) await taken(() => asBob.delete(`/rooms/hidden-${n}`), 204, 404);
  else if (n % 3 === 0) await taken(() => asBob.put(`/rooms/hidden-${n}`, { visibility: 'public' }), 200);
}

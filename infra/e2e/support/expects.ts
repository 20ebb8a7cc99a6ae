// What holds for many answers: the error object, a Message, an Id.
import { expect } from 'chai';
import type { Json } from './client.ts';

export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
export const REQUEST_ID = /^[A-Za-z0-9._-]{4,128}$/;

interface HasBody {
  status: number;
  body: Json;
  headers?: Record<string, unknown>;
}

/** The seed's error object with this status and code, and nothing that tells of the inside. */
export function expectError(answer: HasBody, status: number, code: string): Json {
  expect(answer.status, JSON.stringify(answer.body)).to.equal(status);
  const { body } = answer;
  expect(body).to.have.all.keys('error', 'message', 'code', 'details', 'timestamp', 'request_id');
  expect(body.error).to.equal(true);
  expect(body.code).to.equal(code);
  expect(body.message).to.be.a('string').and.not.equal('');
  expect(body.details).to.be.an('object');
  expect(body.timestamp).to.match(TIME);
  expect(body.request_id).to.match(REQUEST_ID);
  if (answer.headers !== undefined) expect(answer.headers['x-request-id']).to.equal(body.request_id);
  expect(JSON.stringify(body)).to.not.match(/node_modules|\.ts:\d|127\.0\.0\.1|ECONN|select |insert /);
  return body;
}

/** VALIDATION_ERROR that names this field. */
export function expectInvalid(answer: HasBody, path: string): void {
  const { details } = expectError(answer, 400, 'VALIDATION_ERROR');
  expect(details.fields.map((field: Json) => field.path)).to.include(path);
  for (const field of details.fields) expect(field.message).to.be.a('string').and.not.equal('');
}

const MESSAGE_KEYS = [
  'id',
  'chat_id',
  'seq',
  'sender_id',
  'content',
  'message_type',
  'attachments',
  'reply_to',
  'thread_count',
  'reactions',
  'status',
  'is_edited',
  'is_deleted',
  'created_at',
  'updated_at',
];

export function expectMessage(message: Json, holds: Json): void {
  expect(message).to.include.all.keys(MESSAGE_KEYS);
  expect(message.id).to.match(/^msg_/);
  expect(message.created_at).to.match(TIME);
  expect(message.updated_at).to.match(TIME);
  expect(message).to.deep.include(holds);
}

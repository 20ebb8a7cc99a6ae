// Closes the connections of revoked sessions and banned users.
import { toAppError } from '@chatapi/kit';
import type { RevocationRecord } from '@chatapi/kit/auth';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';
import { CLOSE, closeConnection } from './connections.ts';

function connectionsOf(node: Node, { kind, subject }: RevocationRecord): Connection[] {
  if (kind === 'session') return [...node.connections.values()].filter(({ claims }) => claims.session_id === subject);
  return [...(node.users.get(subject)?.connections ?? [])];
}

/** An unban or a new role closes nothing: claims are checked again when they are used. */
export function closeRevoked(node: Node, record: RevocationRecord): void {
  for (const c of connectionsOf(node, record)) {
    try {
      node.revocations.admit(c.claims);
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      if (code === 'AUTHORIZATION_ERROR') closeConnection(node, c, CLOSE.banned, message);
      else if (code === 'AUTHENTICATION_ERROR') closeConnection(node, c, CLOSE.ended, message);
    }
  }
}

// Owns: that a session which ended elsewhere ends its sockets here. What is known of revocations is kit's.
import type { RevocationRecord } from '@chatapi/kit';
import { toAppError } from '@chatapi/kit';
import { CLOSE, closeConnection } from './connections.ts';
import type { Connection, Node } from './node.ts';

function concerned(node: Node, { kind, subject }: RevocationRecord): Connection[] {
  if (kind === 'session') return [...node.connections.values()].filter(({ claims }) => claims.session_id === subject);
  return [...(node.users.get(subject)?.connections ?? [])];
}

/** After an unban or a change of role nobody is closed: their claims are looked at when they are used. */
export function closeRevoked(node: Node, record: RevocationRecord): void {
  for (const c of concerned(node, record)) {
    try {
      node.revocations.admit(c.claims);
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      if (code === 'AUTHORIZATION_ERROR') closeConnection(node, c, CLOSE.banned, message);
      else if (code === 'AUTHENTICATION_ERROR') closeConnection(node, c, CLOSE.ended, message);
    }
  }
}

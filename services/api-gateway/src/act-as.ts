// `X-Act-As: <user id>` or `X-Act-As: ext:<external id>`: a request of an application key, done as
// that person. Who this is, auth is asked once.
import { AppError, invalidField, notFound, unavailable } from '@chatapi/kit';
import {
  type AccessClaims,
  type Credentials,
  type PersonName,
  type RevocationSet,
  requireActive,
  requireScope,
} from '@chatapi/kit/auth';

export interface ActAsGate {
  credentials: Pick<Credentials, 'person' | 'forget'>;
  revocations: Pick<RevocationSet, 'admit'>;
}

const HEADER = 'X-Act-As';
const EXTERNAL = 'ext:';
const USER_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Of 128 characters, each percent-encoded. */
const MAX_LENGTH = EXTERNAL.length + 128 * 12;

/** @throws VALIDATION_ERROR */
function personName(value: string): PersonName {
  if (!value.startsWith(EXTERNAL)) {
    if (!USER_ID.test(value)) throw invalidField(HEADER, `${HEADER} must be a user id, or ext: and an external id`);
    return { user_id: value };
  }
  try {
    const external_id = decodeURIComponent(value.slice(EXTERNAL.length));
    // PostgreSQL takes no NUL.
    if (value.length > MAX_LENGTH || external_id === '' || external_id.includes('\0'))
      throw new Error('no external id');
    return { external_id };
  } catch {
    throw invalidField(HEADER, `${HEADER} must be percent-encoded UTF-8 of 1 to 128 characters, without NUL`);
  }
}

function admitPerson({ revocations, credentials }: ActAsGate, claims: AccessClaims): AccessClaims {
  try {
    return revocations.admit(claims);
  } catch (error) {
    // What auth said may be older than the revocation.
    credentials.forget({ subject: claims.user_id });
    throw error;
  }
}

/**
 * @returns the claims of the person, limited to the scopes of the key.
 * @throws AppError AUTHORIZATION_ERROR, RESOURCE_NOT_FOUND, VALIDATION_ERROR, SERVICE_UNAVAILABLE
 */
export async function actAsPerson(gate: ActAsGate, key: AccessClaims, header: string): Promise<AccessClaims> {
  requireScope('act_as', key.kind === 'key' ? (key.scopes ?? []) : []);
  const person = await gate.credentials.person(personName(header)).catch((cause) => {
    throw cause instanceof AppError ? cause : unavailable('Finding the person', cause);
  });
  if (person === undefined) throw notFound('User');
  requireActive(person.status);
  const { user_id, role } = person;
  const { kind: _, ...limits } = key;
  // A bot stays one: it can't manage bots.
  const own = person.kind === 'bot' ? ({ user_id, role, kind: 'bot' } as const) : { user_id, role };
  const claims = { ...limits, ...own, issued_at: Date.parse(person.as_of), key_id: key.session_id };
  const admitted = admitPerson(gate, claims);
  if (admitted.role === 'admin')
    throw new AppError('AUTHORIZATION_ERROR', 'A key can’t act as an admin', { details: { reason: 'admin' } });
  return admitted;
}

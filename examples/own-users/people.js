// The application's own users. A real application has them in its database.
import { randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const hash = promisify(scrypt);
const HASH_BYTES = 32;

const people = new Map();
/** Who is not known takes as long as a wrong password. */
const NOBODY = { salt: randomBytes(16), hashed: randomBytes(HASH_BYTES) };

const shown = ({ id, name }) => ({ id, name });

/** @returns undefined if the name is taken. */
export async function addPerson(name, password) {
  const salt = randomBytes(16);
  const hashed = await hash(password, salt, HASH_BYTES);
  if (people.has(name.toLowerCase())) return undefined;
  const person = { id: randomUUID(), name, salt, hashed };
  people.set(name.toLowerCase(), person);
  return shown(person);
}

/** @returns undefined for an unknown name or a wrong password. */
export async function personBy(name, password) {
  const person = people.get(name.toLowerCase()) ?? NOBODY;
  const given = await hash(password, person.salt, HASH_BYTES);
  return timingSafeEqual(given, person.hashed) && person !== NOBODY ? shown(person) : undefined;
}

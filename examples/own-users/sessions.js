// The application's own login: a cookie that names a session.
import { randomBytes } from 'node:crypto';

const COOKIE = 'shop_session';
const MAX_AGE_MS = 8 * 3600_000;
const sessions = new Map();

const idIn = ({ headers }) =>
  (headers.cookie ?? '')
    .split('; ')
    .find((pair) => pair.startsWith(`${COOKIE}=`))
    ?.slice(COOKIE.length + 1);

export function openSession(res, person) {
  const id = randomBytes(32).toString('base64url');
  sessions.set(id, { person, ends: Date.now() + MAX_AGE_MS });
  // `strict`: no other site can make a page act with it. Behind TLS add `secure: true`.
  res.cookie(COOKIE, id, { httpOnly: true, sameSite: 'strict', maxAge: MAX_AGE_MS });
}

export function closeSession(req, res) {
  sessions.delete(idIn(req));
  res.clearCookie(COOKIE);
}

/** For Express: sets `req.person`, or answers 401. */
export function loggedIn(req, res, next) {
  const session = sessions.get(idIn(req));
  if (session === undefined || session.ends < Date.now()) return res.status(401).json({ message: 'Log in first' });
  req.person = session.person;
  next();
}

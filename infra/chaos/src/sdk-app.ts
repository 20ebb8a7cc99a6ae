// One app on an SDK: an account, a client that renews its tokens, and its connection.
import { type Driver, openClient, type Person, registered, type Socket, shortLived } from '@chatapi/conformance';

export interface Member {
  kind: string;
  person: Person;
  /** Undefined before `connected`. */
  socket?: Socket;
}

/** @param seconds when its first token expires, so that the SDK must renew it during the faults. */
export async function memberOf(driver: Driver, base_url: string, seconds: number): Promise<Member> {
  const first = await registered(driver, base_url);
  await first.call('close');
  const { access_token, refresh_token } = first.session;
  const client = await openClient(driver, { base_url, token: shortLived(access_token, seconds), refresh_token });
  return { kind: driver.kind.name, person: { ...first, ...client } };
}

export async function connected(member: Member): Promise<void> {
  member.socket = await member.person.connect({ keep: false });
  await member.socket.ready(60);
}

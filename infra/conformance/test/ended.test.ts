import { expect } from 'chai';
import { adminWith } from '../src/accounts.ts';
import { failureOf, failureSoon } from '../src/failure.ts';
import { scenario } from '../src/scenario.ts';

for (const [command, code] of [
  ['end_sessions', 'AUTHENTICATION_ERROR'],
  ['ban', 'AUTHORIZATION_ERROR'],
] as const) {
  scenario(`${command} by an admin closes the connection permanently, with the reason`, async (harness) => {
    const admin = await adminWith(harness.driver, harness.cluster.url);
    const person = await harness.someone();
    const socket = await person.connect();
    await socket.ready();
    const ended = failureOf(socket.ended());
    const waiting = failureOf(socket.say({ chat_id: 'no such room!', content: 'refused, whatever happens' }));
    expect((await waiting).code).to.equal('VALIDATION_ERROR');
    await admin.call(command, { user_id: person.id });
    expect((await ended).code).to.equal(code);
    expect((await failureOf(socket.say({ content: 'too late' }))).code).to.equal(code);
    const { state, states } = await socket.view();
    expect(state).to.equal('closed');
    expect(states.filter((change) => change.state === 'connected')).to.have.length(1);
    expect(states.at(-1)?.state).to.equal('closed');
    expect((await failureSoon(() => person.call('me'))).code).to.equal(code);
  });
}

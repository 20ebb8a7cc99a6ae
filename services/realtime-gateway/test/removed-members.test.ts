// What a node does with the versions of rooms, without sockets.
import { expect } from 'chai';
import type { Leaving } from '../src/message-service/members-reader.ts';
import { compareVersions } from '../src/users/removed-members.ts';
import { createNodeFixture, type NodeFixture } from './node-fixture.ts';

describe('versions of rooms', () => {
  let fixture: NodeFixture;
  let asked: { id: string; since: number }[];
  let leavings: Leaving[];
  beforeEach(() => {
    fixture = createNodeFixture();
    asked = [];
    leavings = [];
    fixture.node.members = {
      leavingsSince: async (rooms: { id: string; since: number }[]) => {
        asked.push(...rooms);
        return leavings;
      },
    } as typeof fixture.node.members;
  });
  const compare = (version: number | undefined): Promise<void> =>
    compareVersions(fixture.node, [{ room: fixture.room, version }]);

  it('a newer version removes who left, once', async () => {
    const ann = fixture.join('ann');
    fixture.join('bob');
    fixture.room.version = 4;
    leavings = [{ room_id: 'room', user_id: 'usr_bob', seq: 3 }];
    await compare(5);
    await compare(5);
    expect(asked).to.deep.equal([{ id: 'room', since: 4 }]);
    expect([...fixture.room.users]).to.deep.equal([ann.user]);
    expect(fixture.room.version).to.equal(5);
  });

  it('a first, an older and a missing version ask nothing', async () => {
    await compare(5);
    await compare(4);
    await compare(undefined);
    expect(asked).to.deep.equal([]);
    expect(fixture.room.version).to.equal(5);
  });

  it('a failed answer keeps the known version, so that the next comparison asks again', async () => {
    fixture.room.version = 1;
    const { members } = fixture.node;
    fixture.node.members = { ...members, leavingsSince: () => Promise.reject(new Error('away')) };
    await compare(2).catch(() => undefined);
    fixture.node.members = members;
    await compare(2);
    expect(asked).to.deep.equal([{ id: 'room', since: 1 }]);
  });
});

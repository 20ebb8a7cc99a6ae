// For the chaos command and the other tests: drivers of every SDK, people on them, the judgement over their views, a network.
export { type Driver, startDriver } from './driver.ts';
export { KINDS } from './kinds.ts';
export { type Network, openNetwork } from './network.ts';
export { openClient, type Person, registered, roomOf, type Socket } from './people.ts';
export { JWT_SECRET_KEY, shortLived } from './tokens.ts';
export { differences, type Log } from './view.ts';

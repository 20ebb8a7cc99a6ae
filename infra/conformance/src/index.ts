// Exports for infra/chaos and other tests: drivers of every SDK, accounts, the check of views, a
// breakable network.

export { openClient, type Person, registered, roomOf, type Socket } from './accounts.ts';
export { type Driver, startDriver } from './driver.ts';
export { type Network, openNetwork } from './network.ts';
export { SDKS } from './sdks.ts';
export { JWT_SECRET_KEY, shortLived } from './tokens.ts';
export { differences, type Log } from './view.ts';

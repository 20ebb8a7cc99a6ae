// For the chaos command: drivers of every SDK, people on them, and the judgement over their views.
export { type Driver, SdkError, startDriver } from './driver.ts';
export { KINDS, type Kind } from './kinds.ts';
export { type Client, openClient, type Person, registered, roomOf, type Socket, unique } from './people.ts';
export { JWT_SECRET_KEY, shortLived } from './tokens.ts';
export { differences, type Log, type RoomView, type View } from './view.ts';

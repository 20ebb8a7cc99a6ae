export { startDnsServer } from './dns-server.ts';
export { eventually, served } from './eventually.ts';
export {
  anonymousIdentity,
  callerOf,
  identityHeader,
  keyIdentity,
  keySettings,
  serviceIdentity,
  testKeys,
  userIdentity,
} from './identities.ts';
export { collectSecurityLines } from './security-lines.ts';
export { createTestSchema, parseSettings, serveRoutes, silentSink, testBase } from './service.ts';
export { DEAD_URL, type StubServer, startStubServer } from './stub-server.ts';

import { expect } from 'chai';
import { internalRoutesOf, servicesOf } from './services.ts';
import { filesBelow, REPO, read, withoutComments } from './tree.ts';

interface Call {
  caller: string;
  /** As in the source, with `*` for what is put in. */
  path: string;
}

/** kit calls it for both gateways. */
const BY_KIT: Call[] = [
  ...['api-gateway', 'realtime-gateway'].flatMap((caller) =>
    ['/internal/revocations', '/internal/credentials/find', '/internal/credentials/used'].map((path) => ({
      caller,
      path,
    })),
  ),
  { caller: 'api-gateway', path: '/internal/people/find' },
];
/** Answered by kit on each listener, to anybody who reaches it. */
const OPEN = ['/internal/openapi.json'];

const LITERAL = /[`'"](\/internal\/[^`'"\s]*)[`'"]/g;
const isTable = (path: string): boolean => /\/(?:internal-routes|routes\/[\w-]+)\.ts$/.test(path);

const callsOf = (caller: string): Call[] =>
  filesBelow(REPO, `services/${caller}/src`)
    .filter((path) => !isTable(path))
    .flatMap((path) => [...withoutComments(read(REPO, path)).matchAll(LITERAL)])
    .map(([, path = '']) => ({ caller, path: path.replace(/\$\{[^}]*\}/g, '*') }))
    .filter(({ path }) => !OPEN.includes(path));

/** What is put in last may be the rest of a path. */
const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.?]/g, '\\$&').replace(/\*+$/, '.+').replaceAll('*', '[^/]+')}$`);

const fits = (call: Call, route: { path: string }): boolean => patternOf(call.path).test(route.path);

describe('internal routes', () => {
  const calls = [...servicesOf(REPO).flatMap(callsOf), ...BY_KIT];
  const routes: { path: string; callers: string[] }[] = [];
  before(async () => {
    for (const service of servicesOf(REPO)) routes.push(...(await internalRoutesOf(REPO, service)));
  });

  it('name every service that calls them', () => {
    expect(calls).to.have.length.greaterThan(30);
    for (const call of calls) {
      const open = routes.some((route) => fits(call, route) && route.callers.includes(call.caller));
      expect(open, `${call.caller} calls ${call.path}`).to.equal(true);
    }
  });

  it('name no other service', () => {
    expect(routes).to.have.length.greaterThan(40);
    for (const route of routes)
      for (const caller of route.callers) {
        const known = calls.some((call) => call.caller === caller && fits(call, route));
        expect(known, `${route.path} names ${caller}`).to.equal(true);
      }
  });
});

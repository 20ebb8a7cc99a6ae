import { SCOPES } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { publicRoutesOf, servicesOf } from './services.ts';
import { REPO } from './tree.ts';

describe('public routes', () => {
  it('each declares the scope that keys and bot tokens need, or that none opens it', async () => {
    const routes = (await Promise.all(servicesOf(REPO).map((service) => publicRoutesOf(REPO, service)))).flat();
    expect(routes).to.have.length.greaterThan(80);
    const undeclared = routes.filter(({ scope }) => scope === undefined || ![...SCOPES, 'none'].includes(scope));
    expect(undeclared.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([]);
  });
});

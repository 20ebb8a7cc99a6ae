import { expect } from 'chai';
import { publicRoutesOf, servicesOf } from './services.ts';
import { REPO } from './tree.ts';

describe('examples of request bodies', () => {
  it('each public route with a body has one that its schema accepts', async () => {
    const routes = (await Promise.all(servicesOf(REPO).map((service) => publicRoutesOf(REPO, service)))).flat();
    const withBody = routes.filter(({ body }) => body !== undefined);
    expect(withBody).to.have.length.greaterThan(35);
    const faults = withBody.flatMap(({ method, path, body, example }) => {
      const fault = example === undefined ? 'no example' : body?.validate(example).error?.message;
      return fault === undefined ? [] : [`${method} ${path}: ${fault}`];
    });
    expect(faults).to.deep.equal([]);
  });
});

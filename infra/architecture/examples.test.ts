import { describeRoutes, type Route } from '@chatapi/kit';
import { expect } from 'chai';
import { publicRoutesOf, servicesOf } from './services.ts';
import { REPO } from './tree.ts';

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  example?: unknown;
}

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

  it('each query parameter that is required has one, so that the page of the API can be tried out', async () => {
    const routes = (await Promise.all(servicesOf(REPO).map((service) => publicRoutesOf(REPO, service)))).flat();
    const required = Object.entries(describeRoutes(routes as Route<unknown>[])).flatMap(([path, operations]) =>
      Object.values(operations).flatMap(({ parameters = [] }) =>
        (parameters as Parameter[])
          .filter((one) => one.in === 'query' && one.required)
          .map(({ name, example }) => ({ parameter: `${path} ${name}`, hasExample: example !== undefined })),
      ),
    );
    expect(required).to.have.length.greaterThan(4);
    expect(required.filter(({ hasExample }) => !hasExample)).to.deep.equal([]);
  });
});

/** The product's version. `npm run release -- version` writes it, from the root package.json. */
export const VERSION = '0.1.0';

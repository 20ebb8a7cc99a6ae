import { languageOf } from '@chatapi/page/language';
import { expect } from 'chai';

describe('the language of a visitor', () => {
  for (const [tags, expected] of [
    [['de-AT', 'en'], 'de'],
    [['fr', 'DE'], 'de'],
    [['en-GB', 'de'], 'en'],
    [['fr', 'pl'], 'en'],
    [[], 'en'],
  ] as const)
    it(`is ${expected} for ${tags.join(', ') || 'no wish'}`, () => {
      expect(languageOf(tags)).to.equal(expected);
    });
});

import { expect } from 'chai';
import { wordFaults, wordsIn } from './page-texts.ts';
import { REPO } from './tree.ts';

describe('words of pages', () => {
  it('are in the texts of each language', () => expect(wordFaults(REPO)).to.deep.equal([]));

  it('are found in every form', () => {
    const forms = {
      "const facts = [['External id', user.external_id ?? '–']];": 'External id',
      'const a = <p>Nothing here</p>;': 'Nothing here',
      'const a = <p>nothing</p>;': 'nothing',
      'const a = <p>{count} of them</p>;': 'of them',
      "const a = <p>{isOpen ? 'open' : texts.closed}</p>;": 'open',
      "const a = <p>{isOpen && 'open'}</p>;": 'open',
      'const a = <p>{`about ${name}`}</p>;': 'about',
      'const a = <input placeholder="your name" />;': 'your name',
      'const a = <input aria-label="Search" />;': 'Search',
      "const a = <List columns={[{ title: 'Owner' }]} />;": 'Owner',
      "const waiting = error ? 'Try again' : undefined;": 'Try again',
    };
    for (const [source, words] of Object.entries(forms)) expect(wordsIn(source, 'tsx'), source).to.deep.equal([words]);
    expect(wordsIn("const fields = [{ name: 'url', label: 'Address' }];", 'ts')).to.deep.equal(['Address']);
  });

  it('are told from what is not for people', () => {
    const forms = [
      '<p class="card Question">{texts.none}</p>',
      '<a href="/docs" lang="en">{name} · –</a>',
      '<button type="button" onClick={() => go(linkTo(id))}>{texts.close}</button>',
      "<p>{status === 'open' ? texts.open : texts.closed}</p>",
      "<p onKeyDown={({ key }) => key === 'Escape' && close()}>{word}</p>",
      "<Status word={archived ? 'archived' : 'active'} />",
      '<Facts facts={[["ID", id]]} />',
    ];
    for (const source of forms) expect(wordsIn(`const a = ${source};`, 'tsx'), source).to.deep.equal([]);
    expect(wordsIn("throw new Error('There is no room');", 'ts')).to.deep.equal([]);
  });
});

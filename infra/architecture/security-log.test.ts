import { SECURITY_EVENTS } from '@chatapi/kit';
import { expect } from 'chai';
import { parse } from 'yaml';
import { filesBelow, REPO, read } from './tree.ts';

const DOCUMENT = 'docs/security-log.md';
const RULES = 'infra/prometheus/security-rules.yml';
const events = Object.keys(SECURITY_EVENTS).sort();

/** First cells of the rows of the table under a heading, without backticks. */
const rowsUnder = (heading: string): string[] => {
  const section = read(REPO, DOCUMENT).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `?([\w.]+)`? \|/gm)]
    .map(([, name]) => name as string)
    .filter((name) => name !== 'Event' && name !== 'Alert');
};

const rules = (
  parse(read(REPO, RULES)) as { groups: { name: string; rules: { alert: string; expr: string }[] }[] }
).groups.find(({ name }) => name === 'chatapi-security')?.rules;

describe('the security log', () => {
  it('has its events explained, all and no others', () => {
    expect(rowsUnder('Events').sort()).to.deep.equal(events);
  });

  it('has no event that nothing records', () => {
    const sources = ['packages', 'services']
      .flatMap((dir) => filesBelow(REPO, dir))
      .filter((file) => file.includes('/src/') && !file.endsWith('/security-events.ts'));
    const text = sources.map((file) => read(REPO, file)).join('\n');
    expect(events.filter((event) => !text.includes(`'${event}'`))).to.deep.equal([]);
  });

  it('has alerts for events that exist, and each is explained', () => {
    const asked = (rules ?? []).flatMap(({ expr }) => {
      const [, names = ''] = /event=~?"([^"]+)"/.exec(expr) ?? [];
      return names.split('|');
    });
    expect(asked).to.have.length.greaterThan(5);
    expect(asked.filter((event) => !events.includes(event))).to.deep.equal([]);
    expect(rowsUnder('Alerts').sort()).to.deep.equal((rules ?? []).map(({ alert }) => alert).sort());
  });
});

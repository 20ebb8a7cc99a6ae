import { expect } from 'chai';
import { onTree } from './fixture-tree.ts';
import { commentFaults, MAX_WIDTH, markdownFaults } from './line-width.ts';
import { REPO } from './tree.ts';

const WIDE = 'word '.repeat(30);

describe(`comments and Markdown of at most ${MAX_WIDTH} characters a line`, () => {
  it('is what the repository has', () => {
    expect([...commentFaults(REPO), ...markdownFaults(REPO)]).to.deep.equal([]);
  });

  it('a wide comment is caught in TypeScript and in Python, wide code and a long link are not', () => {
    const faultsIn = (file: string, text: string): string[] => onTree({ [file]: text }, commentFaults);
    expect(faultsIn('services/auth/src/a.ts', `// ${WIDE}`)).to.have.length(1);
    expect(faultsIn('services/auth/src/a.ts', `/** ${WIDE} */`)).to.have.length(1);
    expect(faultsIn('services/auth/src/a.ts', `/**\n   * ${WIDE}\n */`)).to.have.length(1);
    expect(faultsIn('packages/client-python/src/a.py', `    # ${WIDE}`)).to.have.length(1);
    expect(faultsIn('services/auth/src/a.ts', `const text = '${WIDE}';`)).to.deep.equal([]);
    expect(faultsIn('services/auth/src/a.ts', `// https://example.com/${'x'.repeat(100)}`)).to.deep.equal([]);
  });

  it('a wide line of Markdown is caught; a table, a code block and a generated block are not', () => {
    const faultsIn = (text: string): string[] => onTree({ 'docs/a.md': text }, markdownFaults);
    expect(faultsIn(WIDE)).to.have.length(1);
    expect(faultsIn(`\`\`\`sh\n${WIDE}\n\`\`\`\n| ${WIDE} |`)).to.deep.equal([]);
    expect(faultsIn(`<!-- made from the code: begin -->\n${WIDE}\n<!-- end -->\n${WIDE}`)).to.have.length(1);
  });
});

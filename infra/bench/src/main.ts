// `npm run bench -- --quick`: the product and its peers in turn on the same work; medians of the rounds, two tables.
import { parseArgs } from 'node:util';
import { compare } from './compare.ts';
import { profiling, topFunctions } from './profile.ts';
import { PEERS } from './systems/peers.ts';
import { KINDS, worksOf } from './works.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', multiple: true, default: KINDS },
    peer: { type: 'string', multiple: true, default: Object.keys(PEERS) },
    'product-only': { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});

function known(option: string, given: string[], all: string[]): string[] {
  const unknown = given.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`--${option} takes ${all.join(', ')}, not ${unknown.join(', ')}`);
  return given;
}

const { quick } = values;
const only = known('only', values.only, KINDS);
const profiles = values.profile ? profiling() : undefined;
const report = await compare({
  works: worksOf({ quick, history: quick ? 200_000 : 1_000_000 }).filter(({ work }) => only.includes(work.kind)),
  rounds: Number(values.rounds ?? (quick ? 1 : 3)),
  peers: values['product-only'] ? [] : known('peer', values.peer, Object.keys(PEERS)),
  env: profiles?.env ?? {},
  say: (text) => void process.stderr.write(`${text}\n`),
});
process.stdout.write(`${report}\n`);
if (profiles !== undefined)
  process.stdout.write(`\n${topFunctions(profiles.dir).join('\n\n')}\n\nprofiles: ${profiles.dir}\n`);

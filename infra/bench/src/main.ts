// `npm run bench -- --quick`: runs the product and the reference servers in turn on the same
// workloads and prints two tables with medians of the rounds. The other commands are
// described in README.md.
import { parseArgs } from 'node:util';
import { adminUsers } from './admin-users.ts';
import { backlog } from './backlog.ts';
import { bans } from './bans.ts';
import { compare } from './compare.ts';
import { followers } from './followers.ts';
import { growth } from './growth.ts';
import { AXES } from './growth-axes.ts';
import { hook } from './hook.ts';
import { keys } from './keys.ts';
import { migrations } from './migrations.ts';
import { overload } from './overload.ts';
import { ownUsers } from './own-users.ts';
import { profiling, topFunctions } from './profile.ts';
import { REFERENCE_SERVERS } from './systems/reference-servers.ts';
import { webhooks } from './webhooks.ts';
import { KINDS, worksOf } from './workload-list.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', multiple: true },
    peer: { type: 'string', multiple: true },
    'product-only': { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    to: { type: 'string', default: '1000000' },
    users: { type: 'string', default: '100000' },
    events: { type: 'string', default: '10000000' },
  },
});

/** The named ones, or all. */
function chosen<T extends string>(option: string, given: string[] | undefined, all: readonly T[]): T[] {
  const unknown = (given ?? []).filter((name) => !all.some((one) => one === name));
  if (unknown.length > 0) throw new Error(`--${option} takes ${all.join(', ')}, not ${unknown.join(', ')}`);
  return all.filter((name) => given === undefined || given.includes(name));
}

const { quick } = values;
const rounds = Number(values.rounds ?? (quick ? 1 : 3));
const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function compareAll(): Promise<string> {
  const kinds = chosen('only', values.only, KINDS);
  const profiles = values.profile ? profiling() : undefined;
  const report = await compare({
    works: worksOf({ quick, history: quick ? 100_000 : 1_000_000 }).filter(({ work }) => kinds.includes(work.kind)),
    rounds,
    peers: values['product-only'] ? [] : chosen('peer', values.peer, Object.keys(REFERENCE_SERVERS)),
    env: profiles?.env ?? {},
    say,
  });
  if (profiles === undefined) return report;
  return [report, ...topFunctions(profiles.dir), `profiles: ${profiles.dir}`].join('\n\n');
}

const COMMANDS: Record<string, () => Promise<string>> = {
  'admin-users': () => adminUsers(Number(values.users), say),
  backlog: () => backlog(Number(values.events), say),
  bans: () => bans(say),
  keys: () => keys(say),
  compare: compareAll,
  overload: () => overload(say),
  migrations: () => migrations(Number(values.to), say),
  'own-users': () => ownUsers(Number(values.users), say),
  webhooks: () => webhooks(say),
  followers: () => followers(say),
  hook: () => hook(say),
  growth: () => growth({ axes: chosen('only', values.only, AXES), rounds, to: Number(values.to), say }),
};
const [name = 'compare'] = positionals;
const command = COMMANDS[name];
if (command === undefined) throw new Error(`no command "${name}": ${Object.keys(COMMANDS).join(', ')}`);
process.stdout.write(`${await command()}\n`);

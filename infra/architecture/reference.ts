// The generated reference: .env.example, and the tables of endpoints and settings in each README.
import { VERSION } from '@chatapi/kit';
import { SERVICES } from '@chatapi/kit/auth';
import { type Endpoint, endpointsOf, type Setting, servicesOf, settingsOf } from './services.ts';

const BEGIN = '<!-- made from the code by `node --conditions=source infra/architecture/write.ts`: begin -->';
const END = '<!-- end -->';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);

/** Pads columns to equal width, as the formatter does. */
function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => [...(row[i] ?? '')].length)));
  const line = (row: string[]): string => `| ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

function endpointTable(endpoints: Endpoint[]): string[] {
  if (endpoints.length === 0) return [];
  const rows = endpoints.map((e) => [`${e.method} ${e.path}`, e.who, cell(e.summary)]);
  return ['### Every endpoint', '', ...table(['route', 'who', ''], rows), ''];
}

const settingRow = ({ name, required, fallback, description }: Setting): string[] => [
  name,
  required && fallback === undefined ? 'required' : code(fallback ?? ''),
  cell(description),
];

export async function referenceBlock(root: string, service: string): Promise<string> {
  const settings = await settingsOf(root, service);
  const lines = [
    BEGIN,
    '',
    ...endpointTable(await endpointsOf(root, service)),
    '### Every setting',
    '',
    ...table(['setting', 'default', ''], settings.map(settingRow)),
    '',
    END,
  ];
  return lines.join('\n');
}

const BLOCK = new RegExp(`${BEGIN.slice(0, 25)}[\\s\\S]*?${END}`);

export const withBlock = (readme: string, block: string): string =>
  BLOCK.test(readme) ? readme.replace(BLOCK, () => block) : `${readme.trimEnd()}\n\n## Reference\n\n${block}\n`;

/** Set per process by the deployment (compose, Kubernetes, the local runner), not by the user. */
const PER_PROCESS =
  /^(?:NODE_ENV|INSTANCES?|SERVICE_KEY(?:_PREVIOUS)?|HOST|PORT|INTERNAL_PORT|CHATAPI_SUPERVISED|DATABASE_URL|DATABASE_PASSWORD_PREVIOUS|REDIS_URL|\w+_(?:INTERNAL_)?URL)$/;
const USER_SET = /^(STORAGE|CLAMAV|SMTP|PUBLIC|RESET|CONFIRM)_URL$/;

const entry = ({ name, required, fallback, description }: Setting): string =>
  `${description === '' ? '' : `# ${description}\n`}${required ? '' : '#'}${name}=${fallback ?? ''}\n`;

interface Group {
  title: string;
  settings: Setting[];
}

const variable = (service: string): string => service.toUpperCase().replace('-', '_');
const WITH_ROLE = ['AUTH', 'USER', 'MESSAGE', 'FILE', 'ADMIN', 'INTEGRATION'];

/** In compose, which has one file for the secrets of all. */
const ownKeys = (service: string): Setting[] => [
  { name: `${variable(service)}_SERVICE_KEY`, required: true, description: `SERVICE_KEY of ${service}` },
  { name: `${variable(service)}_SERVICE_KEY_PREVIOUS`, required: false, description: '' },
];

/** Settings that no service reads, only `npm start` and docker-compose.yml. */
const DEPLOYMENT: Group[] = [
  {
    title: 'docker-compose.yml: keys of its services, passwords of its PostgreSQL and Redis, ports on this machine',
    settings: [
      {
        name: 'POSTGRES_PASSWORD',
        required: true,
        description: 'password of the superuser, used only for provisioning',
      },
      { name: 'REDIS_PASSWORD', required: true, description: 'letters and digits, as all passwords here' },
      ...WITH_ROLE.flatMap((name) => [
        { name: `${name}_ROLE_PASSWORD`, required: true, description: '' },
        { name: `${name}_ROLE_PASSWORD_PREVIOUS`, required: false, description: '' },
      ]),
      ...SERVICES.flatMap(ownKeys),
      {
        name: 'PORT',
        required: false,
        fallback: '8000',
        description: 'port of the API gateway; also used by npm start',
      },
      { name: 'REALTIME_1_PORT', required: false, fallback: '8101', description: 'port of the first realtime node' },
      { name: 'REALTIME_2_PORT', required: false, fallback: '8102', description: '' },
      { name: 'PROMETHEUS_PORT', required: false, fallback: '9095', description: 'on 127.0.0.1 only' },
      { name: 'CHATAPI_VERSION', required: false, fallback: VERSION, description: 'tag of the images' },
    ],
  },
  {
    title: 'credentials for uploads in S3 (STORAGE_URL=s3://…), unless the machine has an IAM role',
    settings: [
      { name: 'AWS_ACCESS_KEY_ID', required: false, description: '' },
      { name: 'AWS_SECRET_ACCESS_KEY', required: false, description: '' },
    ],
  },
  {
    title: 'npm start only',
    settings: [
      {
        name: 'DATA_DIR',
        required: false,
        fallback: '.data',
        description: 'folder of data, logs, secrets and cluster.json',
      },
      {
        name: 'DATABASE_URL',
        required: false,
        description: 'URL of an existing PostgreSQL, as a superuser (default: its own)',
      },
      { name: 'REDIS_URL', required: false, description: 'URL of an existing Redis (default: its own)' },
      {
        name: 'REALTIME_PORT',
        required: false,
        fallback: '8101',
        description: 'port of the first realtime node; the others follow',
      },
      { name: 'REALTIME_NODES', required: false, fallback: '2', description: '' },
      {
        name: 'MESSAGE_INSTANCES',
        required: false,
        fallback: '1',
        description: 'also GATEWAY_, AUTH_, USER_, FILE_, ADMIN_INSTANCES',
      },
    ],
  },
];

/** Each setting once, under its service, or under "several" when more than one service reads it. */
export async function environmentExample(root: string): Promise<string> {
  const services = servicesOf(root);
  const all = await Promise.all(services.map(async (name) => ({ name, settings: await settingsOf(root, name) })));
  const readers = (name: string): string[] =>
    all.filter(({ settings }) => settings.some((s) => s.name === name)).map((s) => s.name);
  const isListed = ({ name }: Setting): boolean => USER_SET.test(name) || !PER_PROCESS.test(name);
  const seen = new Set<string>();
  const several = all
    .toReversed()
    .flatMap(({ settings }) => settings)
    // In reverse order, since the gateway's descriptions are the least specific.
    .filter((s) => isListed(s) && readers(s.name).length > 1 && !seen.has(s.name) && seen.add(s.name));
  const groups: Group[] = [
    { title: 'Read by several services', settings: several },
    ...all.map(({ name, settings }) => ({
      title: name,
      settings: settings.filter((s) => isListed(s) && readers(s.name).length === 1),
    })),
    ...DEPLOYMENT,
  ];
  const head =
    '# All settings of an installation, generated from the services’ config.ts. A line with # shows the default.\n' +
    '# Empty settings are required. `sh infra/docker/secrets.sh` makes all secrets.\n' +
    '# Each secret X may come from a file instead: X_FILE=/path/of/the/file\n';
  const body = groups
    .filter(({ settings }) => settings.length > 0)
    .map(({ title, settings }) => `\n# --- ${title}\n${settings.map(entry).join('')}`);
  return head + body.join('');
}

import { expect } from 'chai';
import { onTree } from '../fixture-tree.ts';
import { filesBelow, REPO, read } from '../tree.ts';

/**
 * All labels, by metric. Each value of a label is a series in every instance, for ever. List one
 * only if its values are few and no client can add to them. Ids and texts go to logs.
 */
const LABELS: Record<string, string[]> = {
  chatapi_before_message_total: ['result'],
  chatapi_build_info: ['version', 'node_version'],
  /** Two reasons for each service behind the gateway. */
  chatapi_gateway_upstream_errors_total: ['service', 'reason'],
  chatapi_gateway_rate_limited_total: ['limit'],
  /** Routes as in the tables, not paths. */
  chatapi_http_request_duration_seconds: ['method', 'route', 'status'],
  chatapi_jwks_fetches_total: ['result'],
  /** Six outcomes. */
  chatapi_mails_total: ['result'],
  chatapi_pool_connections: ['pool', 'state'],
  chatapi_pool_waiting: ['pool'],
  chatapi_queue_jobs: ['queue', 'state'],
  chatapi_redis_up: ['connection'],
  chatapi_security_events_total: ['event'],
  /** PostgreSQL has about 250 codes, of which few occur. */
  chatapi_statement_errors_total: ['sqlstate'],
  chatapi_webhook_deliveries_total: ['result'],
  /** The close codes of the contract; all others are `other`. */
  chatapi_ws_closed_total: ['code'],
  chatapi_ws_frames_total: ['direction'],
  chatapi_ws_resume_total: ['result'],
};

const definitions = (text: string): [metric: string, labels: string[]][] =>
  [...text.matchAll(/labelNames: \[([^\]]+)\]/g)].map(({ index, 1: list = '' }) => {
    const name = [...text.slice(0, index).matchAll(/\bname: '?(\w+)'?,/g)].at(-1)?.[1] ?? '';
    const constant = new RegExp(`const ${name} = '(\\w+)'`).exec(text)?.[1];
    return [constant ?? name, [...list.matchAll(/'(\w+)'/g)].map(([, label]) => label as string)];
  });

function labelsOf(root: string): Record<string, string[]> {
  const files = ['packages', 'services'].flatMap((dir) => filesBelow(root, dir));
  const found = files.filter((file) => file.includes('/src/')).flatMap((file) => definitions(read(root, file)));
  return Object.fromEntries(found);
}

describe('labels of metrics', () => {
  it('are only those that are listed, with their reason to be few', () => {
    expect(labelsOf(REPO)).to.deep.equal(LABELS);
  });

  it('that are new are found', () => {
    const code = "new Counter({\n name: 'chatapi_x_total',\n help: 'x',\n labelNames: ['user_id'],\n});";
    expect(onTree({ 'services/auth/src/metrics.ts': code }, labelsOf)).to.deep.equal({ chatapi_x_total: ['user_id'] });
  });
});

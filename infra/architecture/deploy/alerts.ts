// The alerts, as the files in infra/prometheus have them.
import { parse } from 'yaml';
import { REPO, read } from '../tree.ts';

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}
interface AlertTests {
  tests: { promql_expr_test: { expr: string; exp_samples: { labels: string }[] }[] }[];
}

interface Group {
  name: string;
  rules: Rule[];
}

export const groups = ['rules.yml', 'security-rules.yml'].flatMap(
  (file) => (parse(read(REPO, `infra/prometheus/${file}`)) as { groups: Group[] }).groups,
);
export const rules = groups.flatMap((group) => group.rules);

/** Alerts that promtool's tests expect to fire, by name, or by the name in the query. */
export function testedAlerts(): Set<string> {
  const text = read(REPO, 'infra/prometheus/rules.test.yml');
  const { tests } = parse(text, { maxAliasCount: -1 }) as AlertTests;
  const fired = tests
    .flatMap(({ promql_expr_test }) => promql_expr_test)
    .filter(({ exp_samples }) => exp_samples.length > 0);
  return new Set(
    fired.flatMap(({ expr, exp_samples }) =>
      [expr, ...exp_samples.map(({ labels }) => labels)].flatMap((part) =>
        [...part.matchAll(/alertname="(\w+)"/g)].map(([, name]) => name as string),
      ),
    ),
  );
}

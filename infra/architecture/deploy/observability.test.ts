import { expect } from 'chai';
import { parse } from 'yaml';
import { REPO, read } from '../tree.ts';
import { rules } from './alerts.ts';
import { exportedMetrics, metricsIn, ownMetrics } from './metrics.ts';

interface Panel {
  title: string;
  targets?: { expr: string }[];
}

const dashboard = JSON.parse(read(REPO, 'infra/grafana/chatapi.json')) as { panels: Panel[]; uid: string };
const queries = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

describe('alerts and dashboards', () => {
  it('query only metrics that the services export', () => {
    const exported = new Set(exportedMetrics());
    const unknown = [...rules.map(({ alert, expr }) => ({ title: alert, expr })), ...queries].flatMap(
      ({ title, expr }) =>
        metricsIn(expr)
          .filter((name) => !exported.has(name))
          .map((name) => `${title}: ${name}`),
    );
    expect(unknown).to.deep.equal([]);
  });

  it('an unknown metric in a query is found', () => {
    expect(metricsIn('rate(chatapi_none_total[5m]) > nodejs_nothing')).to.deep.equal([
      'chatapi_none_total',
      'nodejs_nothing',
    ]);
    expect(exportedMetrics()).not.to.include('chatapi_none_total');
    expect(exportedMetrics()).to.include.members(['chatapi_ws_connections', 'nodejs_eventloop_lag_p99_seconds']);
  });

  it('Prometheus scrapes the internal listener of every container of compose', () => {
    const config = parse(read(REPO, 'infra/prometheus/prometheus.yml')) as {
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    const compose = parse(read(REPO, 'docker-compose.yml'), { merge: true }) as {
      services: Record<string, { build?: object }>;
    };
    const ours = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);
    const targets = config.scrape_configs.flatMap((job) => job.static_configs.flatMap((c) => c.targets));
    expect(targets.sort()).to.deep.equal(ours.map(([name]) => `${name}:9090`).sort());
  });

  it('the dashboard shows every metric of ours', () => {
    const shown = new Set(queries.flatMap(({ expr }) => metricsIn(expr)));
    const isShown = (name: string): boolean =>
      ['', '_bucket', '_sum', '_count'].some((suffix) => shown.has(`${name}${suffix}`));
    expect(ownMetrics().filter((name) => !isShown(name))).to.deep.equal([]);
  });

  it('each panel of the dashboard has a query and a title of its own', () => {
    expect(queries.length).to.be.at.least(10);
    expect(new Set(dashboard.panels.map(({ title }) => title)).size).to.equal(dashboard.panels.length);
  });
});

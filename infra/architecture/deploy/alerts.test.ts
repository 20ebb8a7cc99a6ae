import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promtool } from '@chatapi/local';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { REPO, read } from '../tree.ts';
import { rules, testedAlerts } from './alerts.ts';
import { rendered } from './manifests.ts';
import { PROMETHEUS_RULE, prometheusRule } from './prometheus-rule.ts';

const RULES = join(REPO, 'infra', 'prometheus');
const RUNBOOKS = 'https://github.com/chatapi/chatapi/blob/main/docs/runbooks/';

const testRules = (dir: string): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync(promtool(), ['test', 'rules', join(dir, 'rules.test.yml')], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
};

describe('alerts', () => {
  it('fire when they should and only then, as promtool computes them', function () {
    // Unpacks promtool at the first run.
    this.timeout(120_000);
    const { status, output } = testRules(RULES);
    expect(status, output).to.equal(0);
  });

  it('that fire at another value are found by these tests', function () {
    this.timeout(120_000);
    const dir = mkdtempSync(join(tmpdir(), 'chatapi-rules-'));
    try {
      cpSync(RULES, dir, { recursive: true });
      for (const file of ['rules.yml', 'security-rules.yml']) {
        const changed = read(REPO, `infra/prometheus/${file}`).replaceAll(' > 300', ' > 3000');
        writeFileSync(join(dir, file), changed);
      }
      // Those of bursts, which the changed alerts are for: all of them take 8 s of CPU.
      const all = parse(read(REPO, 'infra/prometheus/rules.test.yml')) as { tests: { name: string }[] };
      const tests = all.tests.filter(({ name }) => name.includes('burst'));
      writeFileSync(join(dir, 'rules.test.yml'), stringify({ ...all, tests }, { aliasDuplicateObjects: false }));
      const { status, output } = testRules(dir);
      expect(status, output).to.equal(1);
      // One of each changed file.
      expect(output).to.include('ChatapiSlowReadersCut').and.to.include('ChatapiFailedLogins');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('each have a test in which they fire', () => {
    const tested = testedAlerts();
    expect(rules.map(({ alert }) => alert).filter((alert) => !tested.has(alert))).to.deep.equal([]);
  });

  it('are loaded by the Prometheus of compose, whose configuration promtool accepts', function () {
    this.timeout(120_000);
    const config = join(RULES, 'prometheus.yml');
    const { status, stdout, stderr } = spawnSync(promtool(), ['check', 'config', config], { encoding: 'utf8' });
    expect(status, stdout + stderr).to.equal(0);
    const { rule_files } = parse(read(REPO, 'infra/prometheus/prometheus.yml')) as { rule_files: string[] };
    expect(rule_files.toSorted()).to.deep.equal(readdirSync(RULES).filter((name) => name.endsWith('rules.yml')));
  });

  it('find `up` by a label that compose and the PodMonitor give it', () => {
    const label = 'app_kubernetes_io_part_of';
    expect(rules.find(({ alert }) => alert === 'ChatapiInstanceDown')?.expr).to.include(`up{${label}="chatapi"}`);
    const { scrape_configs } = parse(read(REPO, 'infra/prometheus/prometheus.yml')) as {
      scrape_configs: { static_configs: { labels: Record<string, string> }[] }[];
    };
    for (const { labels } of scrape_configs.flatMap((job) => job.static_configs))
      expect(labels).to.deep.equal({ [label]: 'chatapi' });
    const monitor = rendered('production-with-adapter').find(({ kind }) => kind === 'PodMonitor');
    expect(monitor?.spec.podTargetLabels.map((name: string) => name.replace(/\W/g, '_'))).to.deep.equal([label]);
    const pods = rendered('production').filter(({ kind }) => kind === 'Deployment');
    for (const { metadata, spec } of pods)
      expect(spec.template.metadata.labels, metadata.name).to.include({ 'app.kubernetes.io/part-of': 'chatapi' });
  });

  it('depend on no job name', () => {
    for (const { alert, expr } of rules) expect(expr, alert).not.to.match(/\bjob\b/);
  });

  it('have a delay, a severity, a description and a runbook', () => {
    for (const { alert, labels, annotations, ...rule } of rules) {
      expect(rule.for, alert).to.match(/^\d+m$/);
      expect(labels.severity, alert).to.be.oneOf(['critical', 'warning']);
      expect(annotations.summary, alert).to.include('{{');
      expect(annotations.description, alert).to.have.length.greaterThan(20);
      expect(annotations.runbook_url).to.equal(`${RUNBOOKS}${alert}.md`);
      const page = `docs/runbooks/${alert}.md`;
      expect(existsSync(join(REPO, page)), page).to.equal(true);
      expect(read(REPO, page), page).to.match(new RegExp(`^# ${alert}\n[^]*## What to do\n`));
    }
  });

  it('have the only runbooks, and the list names them all', () => {
    const pages = readdirSync(join(REPO, 'docs', 'runbooks')).filter((name) => name !== 'README.md');
    expect(pages.sort()).to.deep.equal(rules.map(({ alert }) => `${alert}.md`).sort());
    const listed = [...read(REPO, 'docs/runbooks/README.md').matchAll(/^\| \[(\w+)\]\(\1\.md\)/gm)];
    expect(listed.map(([, name]) => `${name}.md`).sort()).to.deep.equal(pages.sort());
  });

  it('are the same for the Prometheus Operator', () => {
    const rewrite = `${PROMETHEUS_RULE} is out of date: node --conditions=source infra/architecture/write.ts`;
    expect(read(REPO, PROMETHEUS_RULE) === prometheusRule(), rewrite).to.equal(true);
  });
});

// Who may reach whom: as the settings of the services need it, and as NetworkPolicies allow it.
import { servicesOf, settingsOf } from '../services.ts';
import { REPO } from '../tree.ts';
import type { Manifest } from './manifests.ts';

type Labels = Record<string, string>;
interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values: string[] }[];
}
interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port: number }[];
}

const NAME = 'app.kubernetes.io/name';
export const PUBLIC = 8080;
export const INTERNAL = 9090;

export const labelsOf = (name: string): Labels => ({ [NAME]: name, 'app.kubernetes.io/part-of': 'chatapi' });
/** The name of a service's pods. */
const podsOf = (service: string): string => (service === 'realtime-gateway' ? 'realtime' : service);
export const podNames = (): string[] => servicesOf(REPO).map(podsOf);

const CALL = /^([A-Z]+?)_(INTERNAL_)?URL$/;

/** `caller > callee:port`, from the settings that hold addresses of services. */
export async function neededEdges(): Promise<string[]> {
  const pods = podNames();
  const edges: string[] = [];
  for (const service of servicesOf(REPO))
    for (const { name } of await settingsOf(REPO, service)) {
      const [, to = '', internal] = CALL.exec(name) ?? [];
      const callee = to.toLowerCase();
      if (pods.includes(callee)) edges.push(`${podsOf(service)} > ${callee}:${internal ? INTERNAL : PUBLIC}`);
      // Every instance, for the health of the whole.
      if (name === 'INSTANCES') edges.push(...pods.map((pod) => `${podsOf(service)} > ${pod}:${INTERNAL}`));
    }
  return [...new Set(edges)].sort();
}

function matches({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  const all = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return (
    all &&
    matchExpressions.every(({ key, operator, values }) => operator === 'In' && values.includes(labels[key] ?? ''))
  );
}

const hasPort = ({ ports }: Rule, port: number): boolean => ports === undefined || ports.some((p) => p.port === port);

/** Peers in other namespaces are not ours. */
const admits = (peers: Peer[] | undefined, labels: Labels): boolean =>
  peers === undefined ||
  peers.some(
    ({ podSelector, namespaceSelector }) =>
      namespaceSelector === undefined && podSelector !== undefined && matches(podSelector, labels),
  );

const policiesOf = (all: Manifest[], labels: Labels, type: string): Manifest[] =>
  all.filter(
    ({ kind, spec }) =>
      kind === 'NetworkPolicy' && spec.policyTypes.includes(type) && matches(spec.podSelector, labels),
  );

/** As Kubernetes decides: a pod that no policy selects is open. */
function allowed(all: Manifest[], type: 'Ingress' | 'Egress', self: Labels, other: Labels, port: number): boolean {
  const policies = policiesOf(all, self, type);
  if (policies.length === 0) return true;
  const rules = policies.flatMap(({ spec }) => (spec[type.toLowerCase()] ?? []) as Rule[]);
  return rules.some((rule) => hasPort(rule, port) && admits(type === 'Ingress' ? rule.from : rule.to, other));
}

export const mayReach = (all: Manifest[], from: Labels, to: Labels, port: number): boolean =>
  allowed(all, 'Egress', from, to, port) && allowed(all, 'Ingress', to, from, port);

export function allowedEdges(all: Manifest[], names: string[]): string[] {
  const edges: string[] = [];
  for (const from of names)
    for (const to of names)
      for (const port of [PUBLIC, INTERNAL])
        if (mayReach(all, labelsOf(from), labelsOf(to), port)) edges.push(`${from} > ${to}:${port}`);
  return edges.sort();
}

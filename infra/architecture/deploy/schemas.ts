// Checks manifests against the schemas of Kubernetes and of the extensions that components use.
import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { PodMonitor, PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, PersistentVolumeClaim, Service, ServiceAccount } from 'kubernetes-models/v1';
import type { Manifest } from './manifests.ts';

interface Model {
  apiVersion: string;
  kind: string;
  prototype: { validate(): void };
}

const MODELS: Model[] = [
  ConfigMap,
  Deployment,
  HTTPRoute,
  HorizontalPodAutoscaler,
  Ingress,
  Namespace,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  PodMonitor,
  PrometheusRule,
  ScaledObject,
  Service,
  ServiceAccount,
  StatefulSet,
];

type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Notes which fields are read: a validator reads all that its schema has. */
function watched(value: Node, read: Set<string>, path: string): Node {
  return new Proxy(value, {
    get(target, key) {
      const found = Reflect.get(target, key) as unknown;
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return found;
      const at = `${path}.${key}`;
      read.add(at);
      return isNode(found) ? watched(found, read, at) : found;
    },
  });
}

const fieldsOf = (value: Node, path: string): string[] =>
  Object.entries(value).flatMap(([key, child]) => {
    const at = `${path}.${key}`;
    return [at, ...(isNode(child) ? fieldsOf(child, at) : [])];
  });

/** What is wrong with a manifest: values, missing fields, and fields that its schema lacks. */
export function schemaFaults(manifest: Manifest): string[] {
  const name = `${manifest.kind} ${manifest.metadata.name}`;
  const model = MODELS.find(({ apiVersion, kind }) => apiVersion === manifest.apiVersion && kind === manifest.kind);
  if (model === undefined) return [`${name}: no schema of ${manifest.apiVersion}`];
  const read = new Set<string>();
  try {
    model.prototype.validate.call(watched(manifest as unknown as Node, read, ''));
  } catch (error) {
    return [`${name}: ${(error as Error).message}`];
  }
  const unknown = fieldsOf(manifest as unknown as Node, '').filter((field) => !read.has(field));
  return unknown.map((field) => `${name}: unknown field ${field}`);
}

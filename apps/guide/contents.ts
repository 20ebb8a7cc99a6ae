// Which documents are pages of the guide, in the order of the navigation.

export interface Source {
  /** In the address: `/docs/guide/<name>`. */
  name: string;
  /** In the navigation. */
  title: string;
  /** Markdown file, from the root of the repository. */
  file: string;
}

export const CONTENTS: { title: string; pages: Source[] }[] = [
  {
    title: 'Start',
    pages: [
      { name: 'quick-start', title: 'Quick start', file: 'docs/quick-start.md' },
      { name: 'own-users', title: 'Your own users', file: 'docs/own-users.md' },
      { name: 'bots', title: 'Bots', file: 'docs/bots.md' },
    ],
  },
  {
    title: 'SDKs',
    pages: [
      { name: 'typescript', title: 'TypeScript, Vue, Svelte', file: 'packages/client/README.md' },
      { name: 'react', title: 'React', file: 'packages/react/README.md' },
      { name: 'python', title: 'Python', file: 'packages/client-python/README.md' },
    ],
  },
  {
    title: 'Protocol',
    pages: [
      { name: 'realtime-protocol', title: 'Realtime protocol', file: 'docs/realtime-protocol.md' },
      { name: 'server-sent-events', title: 'Server-sent events', file: 'docs/server-sent-events.md' },
      { name: 'errors-and-limits', title: 'Errors and limits', file: 'docs/errors-and-limits.md' },
    ],
  },
  {
    title: 'Connect',
    pages: [{ name: 'webhooks', title: 'Webhooks and hooks', file: 'docs/webhooks.md' }],
  },
  {
    title: 'Moderate',
    pages: [
      { name: 'moderation', title: 'Moderation', file: 'docs/moderation.md' },
      { name: 'console', title: 'Admin console', file: 'docs/console.md' },
    ],
  },
  {
    title: 'Operate',
    pages: [
      { name: 'operations', title: 'Operations', file: 'docs/operations.md' },
      { name: 'compatibility', title: 'Updates', file: 'docs/compatibility.md' },
      { name: 'kubernetes', title: 'Kubernetes', file: 'k8s/README.md' },
      { name: 'rotation', title: 'Changing secrets', file: 'docs/rotation.md' },
      { name: 'security-log', title: 'Security log', file: 'docs/security-log.md' },
    ],
  },
  {
    title: 'Understand',
    pages: [
      { name: 'architecture', title: 'Architecture', file: 'docs/architecture.md' },
      { name: 'followers', title: 'Followers of the log', file: 'docs/followers.md' },
      { name: 'glossary', title: 'Glossary', file: 'docs/glossary.md' },
    ],
  },
];

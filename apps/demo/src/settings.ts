// What the gateway tells the page, in a <meta> element.

export interface DemoSettings {
  /** How many nodes can be asked for with `?node=`; 0: the gateway chooses. */
  nodes: number;
  /** The local runner, which can kill a node; missing where there is none. */
  runner?: { url: string; token: string };
}

export function readSettings(): DemoSettings {
  const text = document.querySelector<HTMLMetaElement>('meta[name="demo-settings"]')?.content;
  return text ? (JSON.parse(text) as DemoSettings) : { nodes: 0 };
}

/** The URL of the server: the page is at `/demo` below it. */
export const baseUrl = new URL('.', location.href).href.replace(/\/$/, '');

/** @throws TypeError without the runner. @returns whether the node was killed. */
export async function killNode({ url, token }: { url: string; token: string }, node: string): Promise<boolean> {
  const response = await fetch(`${url}/nodes/${encodeURIComponent(node)}/kill`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  return response.ok;
}

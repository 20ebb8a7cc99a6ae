// Mails of a cluster without a mail server: files below DATA_DIR.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';
import type { TestCluster } from './cluster.ts';

const unquoted = (text: string): string => text.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=');

/** The mails for an address as text, oldest first. */
export function mailsTo({ dataDir }: Pick<TestCluster, 'dataDir'>, address: string): string[] {
  const folder = join(dataDir, 'mail');
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.eml'))
      .sort()
      .map((name) => unquoted(readFileSync(join(folder, name), 'utf8')))
      .filter((mail) => mail.includes(`\r\nTo: ${address}\r\n`));
  } catch {
    return [];
  }
}

/** The link in the newest of `count` mails with one for an address. */
export async function linkTo(cluster: TestCluster, address: string, count = 1): Promise<string> {
  const links = () =>
    mailsTo(cluster, address).flatMap((mail) => /^(https?:\/\/\S+[?&]token=[\w-]{43})\r?$/m.exec(mail)?.[1] ?? []);
  await eventually(() => links().length === count);
  return links()[count - 1] as string;
}

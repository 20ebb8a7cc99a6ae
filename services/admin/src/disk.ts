import { statfs } from 'node:fs/promises';

export interface Disk {
  free_bytes: number;
  total_bytes: number;
}

/** Of the file system that holds the folder; free for who is not root. @throws when there is no such folder. */
export async function lookAtDisk(path: string): Promise<Disk> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
}

import { statfs } from 'node:fs/promises';

export interface Disk {
  free_bytes: number;
  total_bytes: number;
}

/** The file system of the folder; free space of users other than root. @throws if it is missing. */
export async function readDisk(path: string): Promise<Disk> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
}

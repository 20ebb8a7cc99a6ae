// Imported by test files whose tests kill or freeze processes and end with all of them working:
// they share a cluster, which starts before the first file and stops after the last.
import { dispose, ownCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;

// Outside of any suite these are hooks of the whole process, however many files import this one.
before(async function () {
  this.timeout(90_000);
  cluster = await ownCluster({ GATEWAY_INSTANCES: '2', MESSAGE_INSTANCES: '2' });
});

after(async function () {
  this.timeout(90_000);
  await dispose(cluster);
});

export const outageCluster = (): TestCluster => cluster;

// Imported for its effect by test files that share a cluster: it starts before the first of them
// and stops after the last.
import { startShared, stopShared } from './cluster.ts';

// Outside of any suite these are hooks of the whole process, however many files import this one.
before(async function () {
  this.timeout(90_000);
  await startShared();
});

// The processes write their coverage at the end: on a busy machine that takes a while.
after(async function () {
  this.timeout(90_000);
  await stopShared();
});

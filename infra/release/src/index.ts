export { output, runInOrder, written } from './command.ts';
export { imagesOf } from './images.ts';
export { checkTarball, packNpm, packPython } from './packages.ts';
export { npmTag, releaseCommands } from './plan.ts';
export { refusals } from './refusals.ts';
export { versionFaults, versionOf, writeVersion } from './version.ts';

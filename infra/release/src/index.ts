export { output, runInOrder, written } from './command.ts';
export { imagesOf } from './images.ts';
export { checkTarball, packNpm, packPython } from './packages.ts';
export { refusals } from './refusals.ts';
export { npmTag, releaseCommands } from './release-commands.ts';
export { versionFaults, versionOf, writeVersion } from './version.ts';

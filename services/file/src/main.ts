import './v8-flags.ts';

// A dynamic import: static ones are all loaded before the flags are set.
await import('./start.ts');

import './heap.ts';

// Not before: static imports are all read, and fill the nursery, before the first of them runs.
await import('./serve.ts');

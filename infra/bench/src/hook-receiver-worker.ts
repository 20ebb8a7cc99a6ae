// A thread with a receiver of the hook before messages that accepts everything, but not at once.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const { answersAfterMs } = workerData as { answersAfterMs: number };

const server = createServer(async (req, res) => {
  const { data } = JSON.parse(await text(req)) as { data: { messages: object[] } };
  await sleep(answersAfterMs);
  res.end(JSON.stringify({ results: data.messages.map(() => ({ action: 'accept' })) }));
});
server.listen(0, '127.0.0.1', () =>
  parentPort?.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
);

// The driver of the TypeScript SDK, or with the argument `stores` of its stores; see PROTOCOL.md.
import { createInterface } from 'node:readline';
import { inspect } from 'node:util';
import { ChatApiError } from '@chatapi/client';
import { OWN_FAILURE, openCommands, openStoreCommands } from './commands.ts';

const tell = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const tellUncaught = (error: unknown): void => tell({ uncaught: inspect(error) });

process.on('uncaughtException', tellUncaught);
process.on('unhandledRejection', tellUncaught);

const questions = new Map<number, (token: string) => void>();
let number = 0;

function askToken(client: string): Promise<string> {
  tell({ ask: ++number, client });
  return new Promise((resolve) => questions.set(number, resolve));
}

/** The failing handler of a scenario is expected to be logged. */
const logger = {
  error: (...told: unknown[]): void => {
    const text = told.map((part) => inspect(part)).join(' ');
    if (!text.includes(OWN_FAILURE)) tellUncaught(text);
  },
};
const commands = (process.argv[2] === 'stores' ? openStoreCommands : openCommands)(askToken, logger);

function described(error: unknown): object {
  if (!(error instanceof ChatApiError)) return { code: 'EXCEPTION', message: inspect(error) };
  const { code, status, message, details, retryable, foreign } = error;
  return { code, status, message, details, retryable, foreign };
}

async function take(line: any): Promise<void> {
  if (line.answer !== undefined) return questions.get(line.answer)?.(line.token);
  const { id, do: name, ...args } = line;
  try {
    const command = commands[name];
    if (command === undefined) throw new Error(`no command ${name}`);
    tell({ id, ok: (await command(args)) ?? null });
  } catch (error) {
    tell({ id, error: described(error) });
  }
}

createInterface({ input: process.stdin })
  .on('line', (text) => void take(JSON.parse(text)))
  .on('close', () => process.exit(0));

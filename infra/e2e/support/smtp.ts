// A mail server on the loopback that takes mails, or hangs.
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface SmtpServer {
  url: string;
  /** From now on it never says whether it has a mail. */
  hang(on: boolean): void;
  hanging(): number;
  /** Mails that it took for this address. */
  count(address: string): number;
  stop(): Promise<void>;
}

export async function startMailServer(): Promise<SmtpServer> {
  const taken: string[] = [];
  let hangs = false;
  let hanging = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 100,
    onData(stream, { envelope }, done) {
      const isHanging = hangs;
      if (isHanging) hanging++;
      stream.resume();
      stream.on('end', () => {
        if (isHanging) return;
        taken.push(...envelope.rcptTo.map(({ address }) => address));
        done();
      });
    },
  });
  // A client that dies is no fault of the server.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    hang: (on) => {
      hangs = on;
    },
    hanging: () => hanging,
    count: (address) => taken.filter((one) => one === address).length,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

import { createServer } from 'node:net';
import { BringUpError, systemErrorCode } from './bring-up-error';

/** One port that the system needs. */
export interface PortRequest {
  /** The environment variable that sets this port; named in errors. */
  readonly variable: string;
  /** The user's own choice: busy is an error. */
  readonly explicit?: number | undefined;
  /** The port this home had last time, so that its URLs stay the same; busy means the next free one. */
  readonly remembered?: number | undefined;
  /** Where to look first otherwise; busy means the next free one. */
  readonly preferred: number;
}

const portsToTry = 200;

/**
 * Chooses one free loopback port for each request, in order, never the same twice.
 *
 * @throws BringUpError naming the variable when an explicit port is busy, or when no free port is found nearby
 */
export async function choosePorts<Name extends string>(
  requests: Readonly<Record<Name, PortRequest>>,
): Promise<Record<Name, number>> {
  const chosen: Partial<Record<Name, number>> = {};
  const taken = new Set<number>();
  for (const name in requests) {
    const port = await choosePort(requests[name], taken);
    taken.add(port);
    chosen[name] = port;
  }
  return chosen as Record<Name, number>;
}

async function choosePort(request: PortRequest, taken: ReadonlySet<number>): Promise<number> {
  const { explicit, remembered, preferred, variable } = request;
  if (explicit !== undefined) {
    if (!taken.has(explicit) && (await isPortFree(explicit))) return explicit;
    throw new BringUpError(
      `port ${explicit} (${variable}) is in use by another program: stop that program, choose another port in ${variable}, or unset it to take the next free one`,
    );
  }
  const inOrder = Array.from({ length: portsToTry }, (_, offset) => preferred + offset);
  for (const port of remembered === undefined ? inOrder : [remembered, ...inOrder]) {
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new BringUpError(
    `no free port between ${preferred} and ${preferred + portsToTry - 1}: set ${variable} to a free one`,
  );
}

/**
 * True when nothing listens on this loopback port. Another program may still take it before we do: the server that
 * then fails to start says so in its log.
 */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (systemErrorCode(error) === 'EADDRINUSE') resolve(false);
      else if (systemErrorCode(error) === 'EACCES') reject(notAllowed(port));
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port that is free at this moment, chosen by the system. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new BringUpError('the system gave no free port'));
      });
    });
  });
}

function notAllowed(port: number): BringUpError {
  return new BringUpError(`this user may not listen on port ${port}: choose a port above 1023`);
}

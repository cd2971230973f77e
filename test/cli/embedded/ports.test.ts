import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { choosePorts, findFreePort, isPortFree } from '../../../cli/embedded/ports';

const servers: Server[] = [];

async function occupy(port: number): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

describe('choosePorts', () => {
  it('takes a free preferred port', async () => {
    const preferred = await findFreePort();
    expect(await choosePorts({ api: { variable: 'API', preferred } })).toEqual({ api: preferred });
  });

  it('moves from a busy preferred port to a free one after it', async () => {
    const preferred = await findFreePort();
    await occupy(preferred);
    const { api } = await choosePorts({ api: { variable: 'API', preferred } });
    expect(api).toBeGreaterThan(preferred);
    expect(await isPortFree(api)).toBe(true);
  });

  it('prefers the remembered port, and leaves it when it is busy', async () => {
    const [preferred, remembered] = [await findFreePort(), await findFreePort()];
    const request = { variable: 'API', preferred, remembered };
    expect(await choosePorts({ api: request })).toEqual({ api: remembered });
    await occupy(remembered);
    expect((await choosePorts({ api: request })).api).not.toBe(remembered);
  });

  it('refuses a busy explicit port and names its variable', async () => {
    const explicit = await findFreePort();
    await occupy(explicit);
    await expect(
      choosePorts({ api: { variable: 'EVERFRAME_PORT', explicit, preferred: 8080 } }),
    ).rejects.toThrow(`port ${explicit} (EVERFRAME_PORT) is in use`);
  });

  it('never gives the same port twice', async () => {
    const preferred = await findFreePort();
    const request = { variable: 'X', preferred };
    const ports = Object.values(await choosePorts({ a: request, b: request, c: request }));
    expect(new Set(ports).size).toBe(3);
  });

  it('refuses one explicit port for two servers', async () => {
    const explicit = await findFreePort();
    const request = (variable: string) => ({ variable, explicit, preferred: 8080 });
    await expect(choosePorts({ a: request('FIRST'), b: request('SECOND') })).rejects.toThrow(
      '(SECOND) is in use',
    );
  });
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { readSource } from '../../sandbox/media/read-source';
import { reservePort } from '../support/reserve-port';
import { until } from '../support/until';

const server = createServer((_request, response) => response.end('a picture'));
afterEach(() => void server.close());

describe('a file that a job is made from', () => {
  it('is read once its server is back', async () => {
    const port = await reservePort();
    const reading = readSource(`http://127.0.0.1:${port}/a.png`);
    let isOver = false;
    void reading.finally(() => (isOver = true)).catch(() => undefined);
    // Nobody listens, which the first try finds out within this time.
    const startedAtMs = performance.now();
    await until(() => performance.now() - startedAtMs > 200);
    expect(isOver).toBe(false);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect((await reading).toString()).toBe('a picture');
  });

  it('that is no URL is refused at once', async () => {
    await expect(readSource('file:///etc/passwd')).rejects.toMatchObject({ reason: 'download' });
  });
});

import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { SourceError } from './recipe';

const maximumBytes = 100 * 1024 * 1024;
const timeoutMs = 20_000;
const pauseMs = 250;

/** Bytes behind an http(s) URL or a data URI. Loopback is allowed: in test mode our own assets live there. */
export async function readSource(source: string): Promise<Buffer> {
  if (source.startsWith('data:')) return readDataUri(source);
  if (!/^https?:\/\//.test(source))
    throw new SourceError(source, 'download', 'not an http(s) URL or data URI');
  try {
    return await download(source, AbortSignal.timeout(timeoutMs));
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown reason';
    throw new SourceError(source, 'download', `could not download: ${why}`);
  }
}

/** As patient as providers are: an API that was killed listens again within seconds. */
async function download(source: string, signal: AbortSignal): Promise<Buffer> {
  for (;;) {
    try {
      return await downloadOnce(source, signal);
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      await pause(pauseMs, undefined, { signal });
    }
  }
}

async function downloadOnce(source: string, signal: AbortSignal): Promise<Buffer> {
  const response = await fetch(source, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (bytes.length > maximumBytes) throw new Error(`larger than ${maximumBytes} bytes`);
  return bytes;
}

const lostConnection = z.object({
  cause: z.object({ code: z.enum(['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET']) }),
});

/** What fetch throws when nobody listens or the connection breaks off; its time-out is another error. */
function isConnectionLost(error: unknown): boolean {
  return lostConnection.safeParse(error).success;
}

function readDataUri(uri: string): Buffer {
  const comma = uri.indexOf(',');
  if (comma < 0) throw new SourceError(uri.slice(0, 40), 'download', 'not a data URI');
  const base64 = uri.slice(0, comma).endsWith(';base64');
  const data = uri.slice(comma + 1);
  return base64 ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data));
}

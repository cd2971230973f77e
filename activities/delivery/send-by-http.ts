import { createHash } from 'node:crypto';
import { isJsonObject, textOf } from '../../pipeline/pure/values';
import type { JsonObject, NodeOutputs, StepInput } from '../../workflows/contract';
import type { ActivityDependencies } from '../dependencies';
import { FetchFailure } from '../fetch/fetch-failure';
import { readRetryAfterMs } from '../providers/http-retry-after';
import { StepError } from '../to-application-failure';
import type { Content } from './content';
import { deliveryFailure, unsent, type Tries } from './delivery-failure';
import { readNamedSecret } from './named-secret';

type Dependencies = Pick<ActivityDependencies, 'database' | 'guardedFetch' | 'settings' | 'now' | 'random'>;

/** Nothing of the answer is used but its status and headers. */
const ANSWER_BYTES_MAX = 65_536;

/**
 * Sends a content to a receiver. The key of the request says which step of which execution it is and what it holds: so a
 * repeat after a crash is told from a second delivery.
 */
export async function sendByHttp(
  deps: Dependencies,
  input: StepInput,
  config: JsonObject,
  content: Content,
  tries: Tries,
): Promise<NodeOutputs> {
  const url = parseUrl(input, textOf(config['url'] ?? ''));
  const headers = {
    ...(await readHeaders(deps, input, config, url.hostname)),
    'content-type': textOf(config['contentType'] ?? content.mimeType),
    'content-length': String(content.bytes),
    'idempotency-key': idempotencyKey(input, config, content),
  };
  const body = await content.open();
  try {
    const response = await deps.guardedFetch.fetchStream(url.href, {
      method: config['method'] === 'PUT' ? 'PUT' : 'POST',
      ...{ headers, body, signal: tries.signal },
      ...{ timeoutMs: input.timeoutSeconds * 1_000, maxBytes: ANSWER_BYTES_MAX },
    });
    response.discard();
    return readAnswer(deps, input, url, response, tries);
  } catch (error) {
    tries.signal.throwIfAborted();
    if (error instanceof FetchFailure) throw unsent(deps, input, error, tries);
    throw error;
  } finally {
    body.destroy();
  }
}

function parseUrl({ nodeId }: StepInput, text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new StepError('InputInvalid', `Node "${nodeId}": config.url is no URL. Write https://….`);
}

async function readHeaders(
  deps: Dependencies,
  input: StepInput,
  config: JsonObject,
  host: string,
): Promise<Readonly<Record<string, string>>> {
  const headers: Record<string, string> = {};
  const given = isJsonObject(config['headers']) ? config['headers'] : {};
  for (const [name, value] of Object.entries(given)) {
    if (!isJsonObject(value)) headers[name.toLowerCase()] = textOf(value);
    else {
      const secret = await readNamedSecret(deps, input, textOf(value['secret'] ?? ''), host);
      headers[name.toLowerCase()] = textOf(value['prefix'] ?? '') + secret;
    }
  }
  return headers;
}

/** Another content, address or header is another request. */
function idempotencyKey({ executionId, step }: StepInput, config: JsonObject, { sha256 }: Content): string {
  const identity = JSON.stringify([executionId, step, config, sha256]);
  return createHash('sha256').update(identity).digest('hex');
}

function readAnswer(
  deps: Dependencies,
  input: StepInput,
  url: URL,
  { status, headers }: { readonly status: number; readonly headers: Headers },
  tries: Tries,
): NodeOutputs {
  if (status >= 200 && status < 300) {
    const location = headers.get('location');
    const etag = headers.get('etag');
    const at = location !== null && URL.canParse(location, url.href) ? new URL(location, url).href : url.href;
    return { url: at, status, ...(etag === null ? {} : { etag }) };
  }
  const askedMs = readRetryAfterMs(headers, deps.now());
  // A receiver that is at work on the same key says so by 409.
  const mayWork =
    [408, 425, 429].includes(status) || status >= 500 || (status === 409 && askedMs !== undefined);
  const isRedirect = status >= 300 && status < 400;
  const hint = isRedirect ? ' Redirects are not followed: give the URL that it leads to.' : '';
  const message = `Node "${input.nodeId}": ${url.origin} answered ${status}.${hint}`;
  throw deliveryFailure(deps, message, { ...tries, ...(mayWork ? { askedMs: askedMs ?? 0 } : {}) });
}

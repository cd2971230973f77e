import { randomUUID } from 'node:crypto';
import { readMultipart } from '../../core/multipart';
import { originOf, send, type Visit } from '../../core/visit';
import { notFound, problem } from './errors';

/** POST /files. */
export async function keepFile(visit: Visit): Promise<void> {
  const form = await readMultipart(visit.request.body, visit.request.get('content-type'));
  const file = form?.files.find(({ field }) => field === 'content');
  if (file === undefined)
    return send(
      visit.response,
      problem(422, 'Invalid file', 'Expected a multipart body with a `content` part.'),
    );
  const id = randomUUID();
  visit.services.files.remember(
    id,
    visit.services.files.save({
      bytes: file.bytes,
      contentType: file.contentType,
      extension: file.name.split('.').at(-1) ?? 'bin',
    }),
  );
  visit.response.status(201);
  await showFile(visit, id);
}

/** GET /files/{id}: what is known of the file; its bytes lie under `/download`. */
export async function showFile({ services, request, response }: Visit, id: string): Promise<void> {
  const file = services.files.recall(id);
  if (file === undefined) return send(response, notFound);
  const now = Date.now();
  response.json({
    id,
    name: `file.${file.extension}`,
    content_type: file.contentType,
    size: file.size,
    checksums: { sha256: file.sha256 },
    metadata: {},
    created_at: new Date(now).toISOString(),
    expires_at: new Date(now + 24 * 3_600_000).toISOString(),
    urls: { get: `${originOf(request)}/replicate/v1/files/${id}` },
  });
}

/** Files uploaded here are named by their API address, whose bytes lie next to it. */
export function withOwnFiles(input: unknown, origin: string): unknown {
  if (typeof input === 'string')
    return input.startsWith(`${origin}/replicate/v1/files/`) && !input.endsWith('/download')
      ? `${input}/download`
      : input;
  if (Array.isArray(input)) return input.map((item) => withOwnFiles(item, origin));
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, withOwnFiles(value, origin)]));
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract';

/** Histories stay readable for 30 days (the server's default is 24 hours). */
const retention = '2592000s';

export interface NamespaceOptions {
  readonly program: string;
  readonly address: string;
  readonly httpUrl: string;
}

/**
 * Brings the namespace `default` of our own server up to date: retention of 30 days, and the search attributes that a
 * database file of an older version does not have yet (the server registers them only in a new file; a worker that sets
 * an unregistered one would retry for ever).
 *
 * @throws Error when the server does not answer or refuses
 */
export async function prepareNamespace(options: NamespaceOptions): Promise<void> {
  const url = `${options.httpUrl}/api/v1/namespaces/default`;
  const config = configOf(await getJson(url));
  const known = new Set(Object.values(config.customSearchAttributeAliases ?? {}));
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !known.has(name));
  if (missing.length > 0) await createSearchAttributes(options, missing);
  if (config.workflowExecutionRetentionTtl !== retention) await setRetention(url);
}

async function createSearchAttributes(
  options: NamespaceOptions,
  attributes: readonly (readonly [string, string])[],
): Promise<void> {
  const named = attributes.flatMap(([name, type]) => ['--name', name, '--type', type]);
  const args = ['operator', 'search-attribute', 'create', '--address', options.address, ...named];
  await promisify(execFile)(options.program, args, { timeout: 20_000 });
}

async function setRetention(url: string): Promise<void> {
  const body = JSON.stringify({ config: { workflowExecutionRetentionTtl: retention } });
  const answer = await fetch(`${url}/update`, { method: 'POST', body, signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`Temporal refused the retention of ${retention}: ${await answer.text()}`);
}

async function getJson(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`Temporal answered ${answer.status} to GET ${url}`);
  return answer.json();
}

interface NamespaceConfig {
  readonly workflowExecutionRetentionTtl?: string;
  readonly customSearchAttributeAliases?: Readonly<Record<string, string>>;
}

/** Only our own server is asked; its answer's shape is fixed by its version. */
function configOf(description: unknown): NamespaceConfig {
  if (typeof description !== 'object' || description === null || !('config' in description)) return {};
  return description.config ?? {};
}

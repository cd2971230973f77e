import type { z } from 'zod';
import type { Issue } from './api-error';

/**
 * Turns a zod error into our issues, one per fault and one per unknown key.
 *
 * @param prefix - Names the part of the request where it is not the body: `query`, `path`.
 */
export function zodIssues(error: z.ZodError | undefined, prefix: string): readonly Issue[] {
  return (error?.issues ?? []).flatMap((issue) => {
    const path = joinPath(prefix, issue.path);
    if (issue.code !== 'unrecognized_keys') {
      return [{ path, code: issue.code, message: issue.message, fix: fixFor(path) }];
    }
    return issue.keys.map((key) => ({
      path: joinPath(prefix, [...issue.path, key]),
      code: 'unknown_field',
      message: `Unknown field "${key}".`,
      fix: 'Remove it, or check its spelling against /docs.',
    }));
  });
}

function fixFor(path: string): string {
  return path === ''
    ? 'Send a JSON object as described at /docs.'
    : 'Correct this value as described at /docs.';
}

function joinPath(prefix: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((joined, part) => {
    if (typeof part === 'number') return `${joined}[${part}]`;
    return joined === '' ? String(part) : `${joined}.${String(part)}`;
  }, prefix);
}

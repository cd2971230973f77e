import { badRequest } from '../api-error';

/** The ETag of an execution is its revision: weak, since URLs in the body change while the state does not. */
export function weakEtag(revision: number): string {
  return `W/"${revision}"`;
}

/** @param header - `If-None-Match`: a list of ETags, weak or strong, or `*`. */
export function matchesEtag(header: string, revision: number): boolean {
  return header.split(',').some((given) => {
    const tag = given.trim().replace(/^W\//, '');
    return tag === '*' || tag === `"${revision}"`;
  });
}

/** Of a draft: strong, since the draft is the very same. */
export function draftEtag(revision: number): string {
  return `"${revision}"`;
}

/**
 * Reads `If-Match` of a draft: one ETag of ours, or `*`.
 *
 * @returns undefined where any revision will do.
 * @throws ApiError 400 `if_match_invalid`: a condition that cannot be read must never count as met.
 */
export function expectedRevision(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const revision = /^\s*"(\d{1,9})"\s*$/.exec(header)?.[1];
  if (revision !== undefined) return Number(revision);
  throw badRequest('if_match_invalid', 'If-Match must be the ETag of the draft as it was read, such as "3".');
}

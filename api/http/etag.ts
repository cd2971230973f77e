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

const DETAIL_CHARACTERS_MAX = 500;

const REDACTIONS: readonly (readonly [RegExp, string])[] = [
  [/data:[\w.+/-]{0,80};base64,[\w+/=-]*/gi, '[data URI]'],
  // Whoever knows the token in the address that we gave may speak for the provider.
  [/(callbacks(?:\/|%2F))[\w.~-]{8,}/gi, '$1[redacted]'],
  // A signed URL is a key: the query goes, the path stays readable.
  [/(https?:\/\/[^\s"'<>?#\\]{1,2000})[?#][^\s"'<>\\]*/gi, '$1?[redacted]'],
  [/\b(bearer|key|token|basic)(["']?\s*[:=]?\s*["']?)[\w.~+/:*-]{8,}=*/gi, '$1$2[redacted]'],
  [/\b(?:sk|r8|rk|pk|whsec|key)[-_][\w*.-]{8,}/gi, '[redacted]'],
  [/[A-Za-z0-9+/_-]{100,}={0,2}/g, '[long text]'],
];

/**
 * Shortens a provider's text for the operator's log and takes out whatever could be a secret: the given ones, what looks
 * like a key, tokens of callback addresses, queries of URLs, data URIs and base64.
 *
 * @param secrets - Credentials known to be in play; also their parts around ":" and spaces.
 * @returns at most 500 characters.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const known = secrets
    .flatMap((secret) => [secret, ...secret.split(/[:\s]+/)])
    .filter((secret) => secret.length >= 6)
    .sort((left, right) => right.length - left.length);
  let clean = text.slice(0, 20_000);
  for (const secret of known) clean = clean.replaceAll(secret, '[redacted]');
  for (const [pattern, replacement] of REDACTIONS) clean = clean.replace(pattern, replacement);
  return clean.length > DETAIL_CHARACTERS_MAX ? `${clean.slice(0, DETAIL_CHARACTERS_MAX - 1)}…` : clean;
}

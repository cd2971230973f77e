/**
 * Reads the entries of EVERFRAME_ALLOWED_PRIVATE_HOSTS: `host`, `host:port`, `[::1]:port`; a full origin is taken too.
 *
 * @returns whether a URL's host (and port, where the entry names one) is listed.
 * @throws Error naming the entry that cannot be read.
 */
export function createAllowedHosts(entries: readonly string[]): (target: URL) => boolean {
  const allowed = new Set(entries.map(parseEntry));
  return (target) =>
    allowed.has(target.hostname) || allowed.has(`${target.hostname}:${String(portOf(target))}`);
}

function parseEntry(entry: string): string {
  const url = entry.includes('://') ? entry : `http://${entry}`;
  if (!URL.canParse(url) || !/^https?:\/\/[^/?#@]+\/?$/.test(url)) {
    throw new Error(
      `EVERFRAME_ALLOWED_PRIVATE_HOSTS holds "${entry}"; write host or host:port, separated by commas.`,
    );
  }
  const target = new URL(url);
  const namesPort = entry.includes('://') || /:\d+$/.test(entry);
  return namesPort ? `${target.hostname}:${String(portOf(target))}` : target.hostname;
}

/** The port that a URL leads to, also when it is left out. */
export function portOf(target: URL): number {
  if (target.port !== '') return Number(target.port);
  return target.protocol === 'https:' ? 443 : 80;
}

/**
 * Where a secret by name may go: without it, whoever may run a graph could send it to a host of their own. Kept as the
 * label of the secret, a list such as `cms.example.com, *.amazonaws.com`.
 */
export function labelOfHosts(hosts: readonly string[]): string {
  return hosts.map((host) => host.toLowerCase()).join(', ');
}

export function hostsOf(label: string): readonly string[] {
  return label === '' ? [] : label.split(', ');
}

/** @param host - As in a URL, without a port. */
export function mayGoTo(hosts: readonly string[], host: string): boolean {
  const wanted = host.toLowerCase();
  return hosts.some((each) => (each.startsWith('*.') ? wanted.endsWith(each.slice(1)) : wanted === each));
}

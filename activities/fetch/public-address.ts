import ipaddr from 'ipaddr.js';

/**
 * Tells whether an IP address is global unicast, the only kind a URL of a user or provider may lead to.
 * Refused are loopback, private, link-local, CGNAT, unique local, multicast, unspecified, documentation and reserved
 * ranges, and every IPv6 form that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  // IPv6 hands out global addresses from 2000::/3 only; what lies outside (such as ::7f00:1) has no named range.
  return !(parsed instanceof ipaddr.IPv6) || (parsed.parts[0] ?? 0) >> 13 === 1;
}

import { promises as dns } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress } from './public-address';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Every A and AAAA address of a host name. */
export type ResolveHost = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export const resolveHost: ResolveHost = (hostname) => dns.lookup(hostname, { all: true, verbatim: true });

/** A host that is not, or not only, at public addresses. */
export class AddressRefusedError extends Error {}

export interface GuardedConnectorOptions {
  readonly resolve: ResolveHost;
  /** False only for origins that the call exempts. */
  readonly publicOnly: boolean;
  readonly connectTimeoutMs: number;
}

/**
 * Opens sockets for undici. The addresses are judged where the socket is opened, and the socket goes to the judged
 * address: a name that answers differently the next time (DNS rebinding) gains nothing.
 */
export function createGuardedConnector(options: GuardedConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    timeout: options.connectTimeoutMs,
    lookup: checkedLookup(options),
  });
  return (target, callback) => {
    // A literal address never passes the lookup.
    const literal = literalAddress(target.hostname);
    if (options.publicOnly && literal !== undefined && !isPublicAddress(literal)) {
      callback(new AddressRefusedError(`${literal} is not a public address`), null);
      return;
    }
    connect(target, callback);
  };
}

function checkedLookup({ resolve, publicOnly }: GuardedConnectorOptions): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        const refused = publicOnly ? addresses.find(({ address }) => !isPublicAddress(address)) : undefined;
        if (first === undefined) {
          callback(new AddressRefusedError(`${hostname} has no address`), '');
        } else if (refused !== undefined) {
          callback(new AddressRefusedError(`${hostname} is at ${refused.address}, which is not public`), '');
        } else if (options.all === true) {
          callback(null, [...addresses]);
        } else {
          callback(null, first.address, first.family);
        }
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), '');
      },
    );
  };
}

function literalAddress(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  // WHATWG parsing has turned decimal, octal, hex and short forms into dotted ones, and refused the rest.
  return /^[\d.]+$|:/.test(hostname) ? hostname : undefined;
}

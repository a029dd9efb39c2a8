import { BlockList, isIP, isIPv6 } from 'node:net';
import { GatewayError } from '../errors.ts';

/** Entries of `X-Forwarded-For` that are looked at: more proxies in a row than anybody has. */
const MAX_HOPS = 16;
/** Groups of an IPv6 address that a provider gives to one customer as a whole: a /64. */
const CUSTOMER_GROUPS = 4;

/**
 * Finds the address of a client behind the proxies of `ranges` (CIDR or single addresses). `X-Forwarded-For` is read
 * from its end, and believed only as far as each hop is a trusted one: whatever stands before the first address that
 * is not trusted was written by that address. Throws `GatewayError` `config` for a range that is none.
 */
export function trustedProxies(ranges: readonly string[]): (peer: string, forwardedFor: string) => string {
  const trusted = new BlockList();
  for (const range of ranges) addRange(trusted, range);
  const isTrusted = (address: string): boolean =>
    isIP(address) !== 0 && trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return (peer, forwardedFor) => {
    let address = plain(peer);
    if (forwardedFor === '' || !isTrusted(address)) return address;
    for (const hop of forwardedFor.split(',').slice(-MAX_HOPS).toReversed()) {
      const before = plain(hop.trim());
      // What is no address was not written by a proxy that can be trusted.
      if (isIP(before) === 0) return address;
      address = before;
      if (!isTrusted(address)) return address;
    }
    return address;
  };
}

/** What the limits of an address are counted for: an IPv6 customer has 2^64 addresses. */
export function customerOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? 0 : tail.split(':').length;
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest);
  const full = [...groups, ...Array.from({ length: zeros }, () => '0'), ...(tail?.split(':') ?? [])];
  const numbers = full
    .slice(0, CUSTOMER_GROUPS)
    .map((group) => Number.parseInt(group || '0', 16).toString(16));
  return `${numbers.join(':')}::/64`;
}

function addRange(list: BlockList, range: string): void {
  const [address = '', bits] = range.split('/', 2);
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  try {
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  } catch (error) {
    throw new GatewayError(
      'config',
      `trustedProxies holds "${range}"; write addresses or ranges such as 10.0.0.0/8`,
      { cause: error },
    );
  }
}

/** An IPv4 address without the dress of IPv6 (::ffff:10.0.0.1, also written out), brackets or port. */
function plain(text: string): string {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  const mapped = /^(?:::|(?:0{1,4}:){5})ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(
    bare,
  );
  if (mapped === null) return bare;
  const [, dotted, high = '', low = ''] = mapped;
  if (dotted !== undefined) return dotted;
  const bytes = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return bytes.flatMap((pair) => [pair >> 8, pair & 0xff]).join('.');
}

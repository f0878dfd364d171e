import ipaddr from 'ipaddr.js'

/**
 * What an IP address is for egress. `global`: routable on the public internet. `private`: loopback, private and
 * carrier networks, reachable only where an administrator typed the host and port. `metadata`: hands out the
 * machine's own credentials. `special`: everything else, and what is no address at all.
 */
export type AddressClass = 'global' | 'private' | 'metadata' | 'special'

/** Ranges of ipaddr.js (IANA special-purpose registries) that an allowance can admit. */
const ADMISSIBLE_RANGES: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'uniqueLocal',
  'carrierGradeNat',
])

/** Metadata services outside link-local, which counts as metadata as a whole. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set([
  '168.63.129.16', // Azure; inside a public block
  '100.100.100.200', // Alibaba Cloud
  '192.0.0.192', // Oracle Cloud
  'fd00:ec2::254', // EC2
  'fd00:ec2::23', // EKS pod identity
  'fd20:ce::254', // Google Cloud
  'fd00:42::42', // Scaleway
])

/** IANA assigns global unicast out of this block alone; ipaddr.js also calls `::7f00:1` and `4000::` unicast. */
const GLOBAL_UNICAST_6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Classifies an address in textual form (no brackets). It is allowed by what it is, never by what it is not. */
export function classifyAddress(text: string): AddressClass {
  if (!ipaddr.isValid(text)) return 'special'
  const address = ipaddr.process(text)
  if (METADATA_ADDRESSES.has(address.toString())) return 'metadata'
  const range = address.range()
  if (range === 'linkLocal') return 'metadata'
  if (ADMISSIBLE_RANGES.has(range)) return 'private'
  if (range !== 'unicast') return 'special'
  if (address instanceof ipaddr.IPv6 && !address.match(GLOBAL_UNICAST_6)) return 'special'
  return 'global'
}

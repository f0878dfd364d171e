import type { Allowance, Egress } from '../egress/index.ts'

/** The exact hosts and ports, not on the public internet, whose documents and keys an administrator lets be fetched. */
export interface MetadataHosts {
  allowanceFor(url: URL): Allowance | undefined
}

/** `hosts` are `host:port` of parley.yaml; everything else is reached only at global addresses. */
export function allowMetadataHosts(egress: Egress, hosts: readonly string[]): MetadataHosts {
  const allowances = new Map<string, Allowance>()
  for (const host of hosts) {
    const allowance = egress.allow(`https://${host}`, 'identity.clientMetadataHosts')
    allowances.set(`${allowance.host}:${allowance.port}`, allowance)
  }
  return {
    allowanceFor: (url) => allowances.get(`${url.hostname}:${url.port === '' ? '443' : url.port}`),
  }
}

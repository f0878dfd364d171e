import { BlockList, isIP } from 'node:net'
import type { ListenConfig } from './config.ts'
import type { SettingPath } from './load-file.ts'

export interface Contradiction {
  readonly path: SettingPath
  readonly message: string
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** True for a host that only this machine can reach: `localhost`, 127.0.0.0/8, `::1`, with or without brackets. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (bare === 'localhost') return true
  const family = isIP(bare)
  return family !== 0 && LOOPBACK.check(bare, family === 6 ? 'ipv6' : 'ipv4')
}

/** What does not fit together about where the hub listens. Reaching further than loopback has to be said twice. */
export function checkListen(listen: ListenConfig): Contradiction[] {
  const found: Contradiction[] = []
  if (!isLoopbackHost(listen.host)) {
    if (isIP(listen.host) === 0) {
      found.push({
        path: ['listen', 'host'],
        message: 'write an IP address, such as 127.0.0.1, or localhost',
      })
    }
    if (!listen.trustedProxy) {
      found.push({
        path: ['listen', 'host'],
        message:
          'others than this machine could reach Parley here, without TLS; put a proxy that ends TLS in front and set ' +
          'listen.trustedProxy: true, or listen on 127.0.0.1',
      })
    }
    if (listen.publicUrl === undefined) {
      found.push({
        path: ['listen', 'host'],
        message:
          'set listen.publicUrl to the origin under which clients reach the hub, such as https://parley.example.com',
      })
    }
  }
  if (listen.publicUrl !== undefined) found.push(...checkPublicUrl(listen.publicUrl))
  listen.allowedOrigins.forEach((origin, index) => {
    if (readOrigin(origin) === undefined) {
      found.push({
        path: ['listen', 'allowedOrigins', index],
        message: 'write an origin, such as https://app.example.com',
      })
    }
  })
  listen.allowedHosts.forEach((host, index) => {
    if (!/^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/.test(host)) {
      found.push({
        path: ['listen', 'allowedHosts', index],
        message: 'write host or host:port in lower case',
      })
    }
  })
  return found
}

function checkPublicUrl(text: string): Contradiction[] {
  const path = ['listen', 'publicUrl']
  const url = readOrigin(text)
  if (!url) return [{ path, message: 'write an origin without a path, such as https://parley.example.com' }]
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return [{ path, message: 'write https://: keys would cross the network in the clear' }]
  }
  return []
}

/** An http(s) URL that is exactly its own origin; the `*` of wildcards is no host. */
function readOrigin(text: string): URL | undefined {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined
  return url.origin === text && !url.hostname.includes('*') ? url : undefined
}

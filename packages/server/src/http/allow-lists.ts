import { isIP } from 'node:net'
import type { ListenConfig } from '../config/index.ts'

/** A set of header values that remembers the last one accepted, so that the usual request costs one comparison. */
export class AllowList {
  readonly #values: ReadonlySet<string>
  #last: string | undefined

  constructor(values: Iterable<string>) {
    this.#values = new Set(Array.from(values, (value) => value.toLowerCase()))
  }

  has(value: string): boolean {
    if (value === this.#last) return true
    if (!this.#values.has(value.toLowerCase())) return false
    this.#last = value
    return true
  }
}

/** The Host values of the hub itself and those that are configured. The port is the one really listened on. */
export function allowedHosts(listen: ListenConfig, port: number): AllowList {
  return new AllowList([...ownHosts(listen, port), ...publicHosts(listen.publicUrl), ...listen.allowedHosts])
}

/** The hub's own origins: what a page served by it sends. */
export function ownOrigins(listen: ListenConfig, port: number): AllowList {
  const own = ownHosts(listen, port).map((host) => `http://${host}`)
  return new AllowList(listen.publicUrl === undefined ? own : [...own, listen.publicUrl])
}

/** Origins of others whose pages may call the hub. `null` can never be one of them. */
export function foreignOrigins(listen: ListenConfig): AllowList {
  return new AllowList(listen.allowedOrigins)
}

function ownHosts(listen: ListenConfig, port: number): string[] {
  const names = new Set(['localhost', '127.0.0.1', '[::1]'])
  const family = isIP(listen.host)
  if (family === 4 && listen.host !== '0.0.0.0') names.add(listen.host)
  if (family === 6 && listen.host !== '::') names.add(`[${listen.host}]`)
  const withPort = Array.from(names, (name) => `${name}:${port}`)
  return port === 80 ? [...withPort, ...names] : withPort
}

function publicHosts(publicUrl: string | undefined): string[] {
  if (publicUrl === undefined) return []
  const url = new URL(publicUrl)
  return url.port === '' ? [url.host, `${url.host}:${url.protocol === 'https:' ? 443 : 80}`] : [url.host]
}

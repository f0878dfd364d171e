import { createSecureContext, getCACertificates } from 'node:tls'
import type { WriteBatch } from '../lib/write-batch.ts'
import { portOf, readTarget, refusedTarget } from './admit-target.ts'
import type { Allowance, TargetRules } from './admit-target.ts'
import { admitHost, resolveHost } from './guard-connect.ts'
import type { Resolve } from './guard-connect.ts'
import type { GrpcOutlet } from './grpc/grpc-outlet.ts'
import { openGrpcOutlet, openOutlet, type OutletTools } from './open-outlet.ts'
import type { Outlet } from './outlet.ts'
import type { OwnListener } from './own-listeners.ts'
import type { EgressLimits, Purpose } from './purpose-limits.ts'

export interface EgressOptions {
  readonly limits: EgressLimits
  readonly writes: WriteBatch
  /** Every address and port of the hub's own, database included: refused even where an allowance names them. */
  readonly ownListeners: () => readonly OwnListener[]
  /** Name lookup; the system's by default. */
  readonly resolve?: Resolve
  /** Ports that URLs may use which no administrator typed. */
  readonly discoveredPorts?: readonly number[]
  /** PEM certificates of authorities that are trusted beside the usual ones. */
  readonly ca?: string | undefined
}

export interface OpenOptions {
  readonly purpose: Purpose
  readonly url: string
  /** Without it only global addresses are reached. Never give one to a URL that something else named. */
  readonly allowance?: Allowance
}

/** The one room through which the hub reaches others. */
export interface Egress {
  /** Records that an administrator typed this http(s) URL: its host and port, only exactly they, may be non-global. */
  allow(typedUrl: string, reason: string): Allowance
  /** Takes an allowance back: its outlets are cut and its host is refused from now on. */
  disallow(allowance: Allowance): void
  /**
   * A guarded way to the origin of `url`. It owns its connections; close it when it is no longer used.
   * @throws ParleyError `egress_refused`; where the address shows only at connection, each exchange fails with it.
   */
  open(options: OpenOptions): Outlet
  /** The same to a gRPC server; `http` is without TLS. */
  openGrpc(options: OpenOptions): GrpcOutlet
  /**
   * Whether a URL could be opened, for one that is kept to be used later. Sends nothing but a name lookup.
   * @throws ParleyError `egress_refused`
   */
  admit(options: Omit<OpenOptions, 'purpose'>): Promise<void>
  /** Cuts every outlet. */
  close(): Promise<void>
}

const DISCOVERED_PORTS = [80, 443, 8443]
const ADMIT_TIMEOUT_MS = 5000

export function createEgress(options: EgressOptions): Egress {
  const allowances = new Set<Allowance>()
  const outlets = new Map<Outlet | GrpcOutlet, Allowance | undefined>()
  const rules: TargetRules = {
    discoveredPorts: options.discoveredPorts ?? DISCOVERED_PORTS,
    ownListeners: options.ownListeners,
    isActive: (allowance) => allowances.has(allowance),
  }
  const tools: OutletTools = {
    rules,
    limits: options.limits,
    writes: options.writes,
    resolve: options.resolve ?? resolveHost,
    secureContext:
      options.ca === undefined
        ? undefined
        : createSecureContext({ ca: [...getCACertificates('default'), options.ca] }),
  }
  return Object.freeze({ allow, disallow, open, openGrpc, admit, close })

  function allow(typedUrl: string, reason: string): Allowance {
    const url = URL.parse(typedUrl)
    if (!url || url.hostname === '') throw refusedTarget('not a URL')
    const allowance = Object.freeze({ host: url.hostname, port: portOf(url), reason })
    allowances.add(allowance)
    return allowance
  }

  function disallow(allowance: Allowance): void {
    allowances.delete(allowance)
    for (const [outlet, used] of outlets) {
      if (used === allowance) void outlet.destroy()
    }
  }

  function open({ purpose, url, allowance }: OpenOptions): Outlet {
    const inner = openOutlet(readTarget(url, allowance, rules), purpose, tools)
    const outlet: Outlet = Object.freeze({
      ...inner,
      close: () => inner.close().finally(() => outlets.delete(outlet)),
      destroy: () => inner.destroy().finally(() => outlets.delete(outlet)),
    })
    outlets.set(outlet, allowance)
    return outlet
  }

  function openGrpc({ purpose, url, allowance }: OpenOptions): GrpcOutlet {
    const inner = openGrpcOutlet(readTarget(url, allowance, rules), purpose, tools)
    const outlet: GrpcOutlet = Object.freeze({
      ...inner,
      destroy: () => inner.destroy().finally(() => outlets.delete(outlet)),
    })
    outlets.set(outlet, allowance)
    return outlet
  }

  async function admit({ url, allowance }: Omit<OpenOptions, 'purpose'>): Promise<void> {
    await admitHost(readTarget(url, allowance, rules), rules, {
      resolve: options.resolve ?? resolveHost,
      timeoutMs: ADMIT_TIMEOUT_MS,
    })
  }

  async function close(): Promise<void> {
    await Promise.all([...outlets.keys()].map((outlet) => outlet.destroy()))
  }
}

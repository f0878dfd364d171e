import type { SecureContext } from 'node:tls'
import { Pool } from 'undici'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { Target, TargetRules } from './admit-target.ts'
import { GrpcDialer } from './grpc/grpc-dialer.ts'
import { createGrpcOutlet, type GrpcOutlet } from './grpc/grpc-outlet.ts'
import { guardConnect, type Resolve } from './guard-connect.ts'
import { createLaneClient } from './lane-client/lane-client.ts'
import { createOutlet, type Outlet } from './outlet.ts'
import { purposeLimits, type EgressLimits, type Purpose } from './purpose-limits.ts'

/** What all outlets of an egress have in common. */
export interface OutletTools {
  readonly rules: TargetRules
  readonly limits: EgressLimits
  readonly writes: WriteBatch
  readonly resolve: Resolve
  readonly secureContext: SecureContext | undefined
}

/** Below the 5 s after which Node servers close idle connections; a server's own hint may lengthen it. */
const IDLE_CONNECTION_MS = 4000
const IDLE_CONNECTION_MAX_MS = 60_000

export function openOutlet(target: Target, purpose: Purpose, tools: OutletTools): Outlet {
  const { rules, resolve, secureContext, writes } = tools
  const limits = purposeLimits(purpose, tools.limits)
  const { connectTimeoutMs } = limits
  const connect = guardConnect(target, rules, { connectTimeoutMs, resolve, secureContext })
  const pool = new Pool(target.origin, {
    connections: limits.connections,
    pipelining: 1,
    allowH2: false,
    useMilo: false,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.idleTimeoutMs,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MAX_MS,
    connect,
  })
  const lane = createLaneClient({
    origin: target.origin,
    connections: limits.connections,
    headLimitBytes: limits.headerBytes,
    writes,
    connect,
  })
  return createOutlet({ origin: target.origin, pool, lane }, limits)
}

export function openGrpcOutlet(target: Target, purpose: Purpose, tools: OutletTools): GrpcOutlet {
  const { rules, resolve, secureContext } = tools
  const limits = purposeLimits(purpose, tools.limits)
  const load = () => import('@grpc/grpc-js')
  return createGrpcOutlet(
    target.origin,
    new GrpcDialer({ target, rules, limits, resolve, secureContext, load }),
  )
}

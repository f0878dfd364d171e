import type { Outlet } from '../egress/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { Credential, Upstream } from './channel.ts'
import { createHttpUpstream } from './http-upstream.ts'
import { createOpenApiUpstream, type OpenApiTarget } from './openapi-upstream.ts'
import type { OrphanGuard } from './orphan-guard.ts'
import type { Report } from './report.ts'
import type { ParamHeadersOf } from './request-headers.ts'
import type { StdioTarget } from './stdio-child.ts'
import { createStdioUpstream } from './stdio-upstream.ts'

export type UpstreamTarget =
  | {
      readonly kind: 'http'
      readonly url: string
      readonly outlet: Outlet
      /** The hub's own. */
      readonly credential?: Credential | undefined
      /** It trusts the hub's tokens: each call brings one of its caller. */
      readonly trustsHub?: boolean
    }
  | { readonly kind: 'stdio'; readonly process: StdioTarget }
  | OpenApiTarget

export interface UpstreamLimits {
  /** Of one message from the server; a stream may carry ten times as much. */
  readonly resultBytes: number
  /** Of an exchange without a sign of life. */
  readonly timeoutMs: number
  /** Of an exchange in all, progress or not; ten minutes by default. */
  readonly maxTimeoutMs?: number
  /** Legacy sessions open at one time. */
  readonly sessions: number
  /** Exchanges under way at one time; 256 by default. */
  readonly inFlight?: number
  /** Subscriptions that differ, open at one time; 128 by default. */
  readonly subscriptions?: number
}

export interface UpstreamOptions {
  readonly name: string
  /** An outlet given here is closed with the upstream. */
  readonly target: UpstreamTarget
  readonly limits: UpstreamLimits
  readonly clock: Clock
  /** Spreads the waits between attempts; without it they are exact. */
  readonly random?: Random
  /** The tool's `x-mcp-header` annotations, as approved. */
  readonly mirrored: ParamHeadersOf
  readonly report: Report
  /** Gets a line of a process's error output, at most 2,000 characters; never parsed. */
  readonly onLog: (line: string) => void
  /** Ends processes that outlive the hub; one for all servers. Without it a stdio upstream has one of its own. */
  readonly orphans?: OrphanGuard
}

/** A registered server as it is reached. Nothing is opened before it is needed. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { target } = options
  switch (target.kind) {
    case 'http':
      return createHttpUpstream(options, target)
    case 'stdio':
      return createStdioUpstream(options, target.process)
    case 'openapi':
      return createOpenApiUpstream(options, target)
  }
}

import type { Outlet } from '../egress/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Credential } from './channel.ts'
import type { Report } from './report.ts'
import type { ParamHeadersOf } from './request-headers.ts'

/** What the channels to one HTTP server have in common. */
export interface HttpWire {
  readonly outlet: Outlet
  /** Path and query of the MCP endpoint. */
  readonly path: string
  /** Of one message. */
  readonly limitBytes: number
  readonly clock: Clock
  readonly mirrored: ParamHeadersOf
  readonly report: Report
  readonly credential?: Credential | undefined
}

/** RFC 6750 §2.1; a server that knows no tokens of the hub gets none. */
export function authorization(wire: HttpWire): Readonly<Record<string, string>> {
  return wire.credential ? { authorization: `Bearer ${wire.credential()}` } : {}
}

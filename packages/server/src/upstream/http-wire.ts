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

/** A server that needs no credential gets none. */
export function authorization(wire: HttpWire): Readonly<Record<string, string>> {
  return wire.credential?.() ?? NOTHING
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze({})

import { ParleyError } from '@parley/contract'
import type { Outlet } from '../egress/index.ts'
import { systemRandom } from '../lib/random.ts'
import type { DocumentSource, Selection, TranslateRequest, Translation } from '../openapi/index.ts'
import { Breaker } from '../lib/breaker.ts'
import type { Credential, Upstream } from './channel.ts'
import type { UpstreamOptions } from './create-upstream.ts'
import { BREAKER } from './http-upstream.ts'
import { createOpenApiChannel, speaksModernOnly } from './openapi-channel.ts'
import { TranslatedDocument } from './translated-document.ts'
import { UpstreamGuard, guardLimits, isUnreachable } from './upstream-guard.ts'

/** Turns a document into tools; rejects with `upstream_invalid`. */
export type Translate = (request: TranslateRequest, signal: AbortSignal) => Promise<Translation>

export interface OpenApiTarget {
  readonly kind: 'openapi'
  /** Where the service is called: its origin and base path. */
  readonly url: string
  readonly outlet: Outlet
  readonly source: DocumentSource
  readonly translate: Translate
  readonly selection: Selection
  /** What requests carry that are made in nobody's name. */
  readonly credential?: Credential | undefined
  /** Whether it takes the hub's own tokens. */
  readonly trustsHub?: boolean
}

/** A service that an OpenAPI document describes, as an MCP server of the modern era. Nothing of it is ever a session. */
export function createOpenApiUpstream(options: UpstreamOptions, target: OpenApiTarget): Upstream {
  const { name, clock, random } = options
  const base = new URL(target.url)
  const ending = new AbortController()
  const breaker = new Breaker({ ...BREAKER, clock, random })
  const guard = new UpstreamGuard({
    name,
    clock,
    limits: guardLimits(options.limits),
    admit: () => breaker.admit(),
    settled(error) {
      if (error && isUnreachable(error)) breaker.failed(error)
      else breaker.succeeded()
    },
  })
  const document = new TranslatedDocument({
    source: target.source,
    translate: (bytes, signal) =>
      target.translate({ bytes, base: base.href, selection: target.selection }, signal),
    signal: ending.signal,
    onLoaded: () => guard.seen(),
  })
  const open = (credential: Credential | undefined) =>
    createOpenApiChannel({
      document,
      base,
      guard,
      outlet: target.outlet,
      credential,
      random: random ?? systemRandom,
    })
  return {
    name,
    transport: 'openapi',
    address: undefined,
    hopAudience: target.trustsHub ? target.url : undefined,
    lane: () => undefined,
    health: () => guard.health(),
    notes: () => document.notes(),
    info: () => document.info(),
    async modern(credential) {
      await document.info()
      return open(credential ?? target.credential)
    },
    openSession: () => Promise.reject(speaksModernOnly()),
    async close() {
      ending.abort(new ParleyError('unavailable', `The server "${name}" is being disconnected.`))
      await Promise.all([target.source.close(), target.outlet.destroy()])
    },
  }
}

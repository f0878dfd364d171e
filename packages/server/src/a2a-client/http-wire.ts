import { ParleyError } from '@parley/contract'
import type { LaneExchange, LaneReceiver, LaneSender, Outlet } from '../egress/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { ExchangeOptions } from './agent-link.ts'
import type { HttpDialect, WrittenRequest } from './http-dialect.ts'
import type { LinkGuard } from './link-guard.ts'

/** What the exchanges with one agent over HTTP have in common. */
export interface HttpWire {
  readonly dialect: HttpDialect
  readonly guard: LinkGuard
  readonly clock: Clock
  readonly random: Random
  readonly responseBytes: number
  readonly eventBytes: number
  readonly send: Send
}

export type Send = (written: WrittenRequest, options: ExchangeOptions, receiver: LaneReceiver) => LaneExchange

/** A line break in either would be another header, or another request (RFC 9110 §5). */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VALUE = /^[\t\x20-\x7e]*$/
/** Without the comma that stands between them. */
const URI = /^[\x21-\x2b\x2d-\x7e]{1,2048}$/

/** Requests of one kind over one outlet; `idleMs` is how long the agent may be silent within its answer. */
export function createSend(
  outlet: Outlet,
  { head, extensionsHeader }: { readonly head: string; readonly extensionsHeader: string },
  idleMs: (timeoutMs: number) => number,
): Send {
  let sender: LaneSender | undefined
  let known = { path: '', method: '', timeoutMs: -1 }

  function senderFor({ path, method }: WrittenRequest, timeoutMs: number): LaneSender {
    if (sender && known.path === path && known.timeoutMs === timeoutMs && known.method === method)
      return sender
    known = { path, method, timeoutMs }
    sender = outlet.lane.endpoint({
      method,
      path,
      head,
      headersTimeoutMs: timeoutMs,
      idleTimeoutMs: idleMs(timeoutMs),
    })
    return sender
  }

  return (written, options, receiver) =>
    senderFor(written, options.timeoutMs)(linesOf(options, extensionsHeader), written.body, receiver)
}

function linesOf({ headers, extensions }: ExchangeOptions, extensionsHeader: string): string {
  let lines = ''
  for (const name in headers) {
    const value = headers[name]!
    if (!NAME.test(name) || !VALUE.test(value))
      throw new ParleyError('internal', 'A request could not be written.')
    lines += `${name}: ${value}\r\n`
  }
  if (extensions === undefined || extensions.length === 0) return lines
  return `${lines}${extensionsHeader}: ${listExtensions(extensions)}\r\n`
}

/** One field with commas between (specification §9.2). */
export function listExtensions(extensions: readonly string[]): string {
  for (const uri of extensions) {
    if (!URI.test(uri)) throw new ParleyError('invalid_params', 'The URI of an extension cannot be sent.')
  }
  return extensions.join(',')
}

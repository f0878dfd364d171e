import type { IncomingMessage } from 'node:http'
import { TokenBuckets } from '../../access/index.ts'
import { clientAddress } from '../../http/index.ts'
import type { Clock } from '../../lib/clock.ts'
import { claimedClient } from './claimed-client.ts'

/** Of the refusals that an address may cause, what one client there may: one that is broken must not stop the others. */
const SHARE_OF_ONE_CLIENT = 5

export interface TokenRateLimits {
  readonly tokensPerSecond: number
  readonly tokenFailuresPerMinute: number
}

/** One request in which a client proves itself. */
export interface TokenAttempt {
  readonly waitSeconds: number
  /** To be called with the status of the answer. */
  ended(status: number): void
}

export type TokenRate = (request: IncomingMessage, parameters: URLSearchParams) => TokenAttempt

/**
 * Slows down who guesses at the endpoints where clients prove themselves, and who asks without end. What fails counts for its
 * address, because the client's name is only claimed; what succeeds counts for the client, which has been proved.
 */
export function createTokenRate(
  limits: TokenRateLimits,
  { clock, trustedProxy }: { readonly clock: Clock; readonly trustedProxy: boolean },
): TokenRate {
  const monotonicMicros = () => clock.monotonicMicros()
  const perMinute = (count: number) =>
    new TokenBuckets({ perSecond: count / 60, burst: count, monotonicMicros })
  const ofAddress = perMinute(limits.tokenFailuresPerMinute)
  const ofClientThere = perMinute(Math.ceil(limits.tokenFailuresPerMinute / SHARE_OF_ONE_CLIENT))
  const ofClient = new TokenBuckets({
    perSecond: limits.tokensPerSecond,
    burst: limits.tokensPerSecond * 2,
    monotonicMicros,
  })

  return function beginAttempt(request, parameters) {
    const address = clientAddress(request, trustedProxy)
    const client = claimedClient(request, parameters)
    const clientThere = `${address} ${client}`
    return {
      waitSeconds: Math.max(ofAddress.wait(address), ofClientThere.wait(clientThere), ofClient.wait(client)),
      ended(status) {
        if (status < 400) ofClient.take(client)
        else if (status < 500) {
          ofAddress.take(address)
          ofClientThere.take(clientThere)
        }
      },
    }
  }
}

import type { IncomingMessage } from 'node:http'
import { createRateLimiter } from '../../access/index.ts'
import { clientAddress } from '../../http/index.ts'
import type { Clock } from '../../lib/clock.ts'

/** Requests that the hub must remember, of one client address: many people may sit behind one. */
const PER_SECOND = 10
const BURST = 200

/** The seconds that whoever asks too often has to wait; 0 when the request may go on. */
export type RequestRate = (request: IncomingMessage) => number

/** Anyone may begin an authorization, and each one waits half an hour for its person. */
export function createRequestRate(clock: Clock, trustedProxy: boolean): RequestRate {
  const take = createRateLimiter({
    perSecond: PER_SECOND,
    burst: BURST,
    monotonicMicros: () => clock.monotonicMicros(),
  })
  return (request) => take(clientAddress(request, trustedProxy))
}

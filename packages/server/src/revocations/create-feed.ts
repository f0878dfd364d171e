import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError } from '@parley/contract'
import { StreamCaps, clientAddress, sendJson, sendProblem } from '../http/index.ts'
import type { EventStreams, RawHandler } from '../http/index.ts'
import type { RevocationEntry, RevocationLog } from './create-revocations.ts'

/** Streams of guards; those that find no place ask twice a second instead. */
const LIMITS = { streams: 1000, streamsPerPrincipal: 100 }
const RETRY_SECONDS = '30'

/**
 * The public feed of what was revoked, for guards elsewhere: an event stream for who accepts one, otherwise JSON with
 * what came after `since`. Whoever reads it learns nothing but how much is revoked: an entry is a hash.
 */
export function createFeed(parts: {
  readonly revocations: RevocationLog
  readonly streams: EventStreams
  readonly trustedProxy: boolean
}): RawHandler {
  const { revocations, streams, trustedProxy } = parts
  const caps = new StreamCaps(LIMITS)

  return function serveFeed(request, response) {
    if (request.method !== 'GET') {
      const message = 'The feed can only be read: use GET.'
      return sendProblem(response, new ParleyError('method_not_allowed', message), ['allow', 'GET'])
    }
    const since = readSince(request)
    if (since === undefined) {
      const message = 'since and Last-Event-ID are numbers that the feed gave.'
      return sendProblem(response, new ParleyError('invalid_request', message))
    }
    if (request.headers.accept?.includes('text/event-stream')) return openStream(request, response, since)
    const answer = { seq: revocations.seq, revocations: revocations.since(since) }
    sendJson(response, 200, JSON.stringify(answer))
  }

  function openStream(request: IncomingMessage, response: ServerResponse, since: number): void {
    const subject = clientAddress(request, trustedProxy)
    if (!caps.take(subject)) {
      const error = new ParleyError('rate_limited', 'Too many streams are open: ask with ?since= instead.')
      return sendProblem(response, error, ['retry-after', RETRY_SECONDS])
    }
    const stream = streams.open(request, response, {
      onClose() {
        stopListening()
        caps.release(subject)
      },
      onDrain: () => stream.end(),
    })
    const stopListening = revocations.onEntry((entry) => stream.send(toEvent(entry)))
    const ready = `event: ready\nid: ${revocations.seq}\ndata: {"seq":${revocations.seq}}\n\n`
    stream.send(revocations.since(since).map(toEvent).join('') + ready)
  }
}

function toEvent(entry: RevocationEntry): string {
  return `event: revocation\nid: ${entry.seq}\ndata: ${JSON.stringify(entry)}\n\n`
}

/** From where on: the header that event streams resume with, or the query; 0 is everything. */
function readSince({ url, headers }: IncomingMessage): number | undefined {
  const asked = headers['last-event-id'] ?? new URLSearchParams(url!.split('?')[1]).get('since') ?? '0'
  return typeof asked === 'string' && /^\d{1,15}$/.test(asked) ? Number(asked) : undefined
}

import { EventStream } from './event-stream.ts'
import { factsOf, openExchange, readText } from './http-exchange.ts'
import type { HttpRequest } from './http-exchange.ts'
import { isObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { readEvents } from './read-events.ts'
import type { HttpFacts, Reply, SeenError } from './reply.ts'

/** How one binding writes its events. */
export interface EventForm {
  /** An event, or the error that it carries. */
  readEvent(envelope: JsonObject, eventName: string): { event?: JsonObject; error?: SeenError }
  readReply(facts: HttpFacts): Reply
}

/** Opens a stream of server-sent events; any other answer is its refusal. */
export async function streamOverHttp(request: HttpRequest, form: EventForm): Promise<EventStream> {
  const { response, cancel } = await openExchange(request)
  const facts = factsOf(response)
  const stream = new EventStream(cancel)
  stream.http = facts
  if (facts.status !== 200 || !(facts.headers['content-type'] ?? '').startsWith('text/event-stream')) {
    stream.refusal = form.readReply({ ...facts, text: await readText(response) })
    stream.end()
    return stream
  }
  void follow(response, { stream, form })
  await stream.begun()
  return stream
}

async function follow(
  response: Parameters<typeof readEvents>[0],
  { stream, form }: { stream: EventStream; form: EventForm },
): Promise<void> {
  try {
    for await (const { event, data } of readEvents(response)) {
      const envelope: unknown = JSON.parse(data)
      if (!isObject(envelope)) throw new Error(`an event that is no object: ${data.slice(0, 100)}`)
      stream.envelopes.push(envelope)
      const read = form.readEvent(envelope, event)
      if (read.event !== undefined) stream.push(read.event)
      if (read.error !== undefined) stream.failure = read.error
    }
  } catch (error) {
    if (!stream.hasEnded)
      stream.failure = { code: 0, message: String(error), details: [], reason: '', domain: '' }
  }
  stream.end()
}

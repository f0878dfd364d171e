import type { IncomingMessage } from 'node:http'

export interface ServerSentEvent {
  readonly event: string
  readonly data: string
}

/** Server-sent events of an answer, by the rules of the HTML standard. */
export async function* readEvents(response: IncomingMessage): AsyncGenerator<ServerSentEvent> {
  let pending = ''
  let data: string[] = []
  let event = ''
  response.setEncoding('utf8')
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (pending + chunk).split(/\r\n|\r|\n/)
    pending = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event, data: data.join('\n') }
        data = []
        event = ''
      } else if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
      else if (line.startsWith('event:')) event = line.slice(6).trim()
    }
  }
}

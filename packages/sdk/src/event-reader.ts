export interface StreamEvent {
  readonly name: string
  readonly data: string
}

/** An unfinished event that is longer is none of ours. */
const LIMIT_CHARACTERS = 65_536

/** Reads an event stream (HTML Living Standard, Server-sent events) chunk by chunk: the events that each completes. */
export function createEventReader(limitCharacters = LIMIT_CHARACTERS): (chunk: Uint8Array) => StreamEvent[] {
  const decoder = new TextDecoder()
  let unfinished = ''
  return (chunk) => {
    const blocks = (unfinished + decoder.decode(chunk, { stream: true })).split('\n\n')
    unfinished = blocks.pop()!
    if (unfinished.length > limitCharacters) throw new Error('An event of the stream is too large.')
    return blocks.map(readBlock)
  }
}

function readBlock(block: string): StreamEvent {
  let name = 'message'
  let data = ''
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) name = line.slice('event: '.length)
    else if (line.startsWith('data: ')) data += line.slice('data: '.length)
  }
  return { name, data }
}

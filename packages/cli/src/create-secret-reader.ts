import { createInterface, type Interface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/**
 * Reads secrets from standard input: line by line where it is piped, otherwise typed after a question, without being
 * shown.
 */
export function createSecretReader(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): (question: string) => Promise<string | undefined> {
  let lines: AsyncIterator<string> | undefined
  return async (question) => {
    if (input.isTTY) return type(question, input, output)
    lines ??= createInterface({ input })[Symbol.asyncIterator]()
    const next = await lines.next()
    return next.done ? undefined : next.value
  }
}

async function type(question: string, input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<string> {
  output.write(question)
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal: Interface = createInterface({ input, output: unseen, terminal: true })
  try {
    return await terminal.question('')
  } finally {
    terminal.close()
    output.write('\n')
  }
}

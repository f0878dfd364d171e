import { parentPort, workerData } from 'node:worker_threads'
import { toParleyError } from '@parley/contract'
import { readDocument } from './read-document.ts'
import { translateDocument } from './translate-document.ts'
import type { FromTranslator, TranslateRequest } from './translator.ts'

const TOOLS_PER_MESSAGE = 25

/** The thread that reads one document and says what tools it makes. */
async function run(
  { bytes, base, selection }: TranslateRequest,
  send: (message: FromTranslator) => void,
): Promise<void> {
  try {
    const document = await readDocument(Buffer.from(bytes))
    const { tools, ...rest } = translateDocument(document, { base: new URL(base), selection })
    const all = [...tools.values()]
    for (let at = 0; at < all.length; at += TOOLS_PER_MESSAGE)
      send({ kind: 'tools', tools: all.slice(at, at + TOOLS_PER_MESSAGE) })
    send({ kind: 'done', ...rest })
  } catch (error) {
    const { code, message } = toParleyError(error)
    send({ kind: 'failed', code, message })
  }
}

const port = parentPort
if (!port) throw new Error('This file is a thread of the hub and is not run by itself.')
await run(workerData as TranslateRequest, (message) => port.postMessage(message))

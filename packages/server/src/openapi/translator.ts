import { Worker } from 'node:worker_threads'
import { ParleyError, type ErrorCode } from '@parley/contract'
import type { OpenApiTool } from './operation-call.ts'
import type { Selection } from './select-operations.ts'
import type { Translation } from './translation.ts'

export interface TranslateRequest {
  readonly bytes: Buffer
  /** Where the service is called. */
  readonly base: string
  readonly selection: Selection
}

export type FromTranslator =
  /** Tools as they are ready, so that taking them over never takes long. */
  | { readonly kind: 'tools'; readonly tools: readonly OpenApiTool[] }
  | ({ readonly kind: 'done' } & Omit<Translation, 'tools'>)
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

/** Of one document, however hostile. */
const TIMEOUT_MS = 60_000
const MEMORY_MEBIBYTES = 1024

/**
 * Turns documents into tools, one at a time and each on a thread of its own that ends with it: a large document takes
 * seconds and hundreds of megabytes, a hostile one as much as it is let have.
 */
export class Translator {
  #last: Promise<unknown> = Promise.resolve()

  /** Rejects with `upstream_invalid` for a document that cannot be used. */
  translate(request: TranslateRequest, signal: AbortSignal): Promise<Translation> {
    const next = this.#last.then(() => translateOnThread(request, signal))
    this.#last = next.catch(() => undefined)
    return next
  }
}

async function translateOnThread(request: TranslateRequest, signal: AbortSignal): Promise<Translation> {
  signal.throwIfAborted()
  const worker = new Worker(threadUrl(), {
    workerData: request,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MEBIBYTES },
  })
  const stop = () => void worker.terminate()
  const timer = setTimeout(stop, TIMEOUT_MS)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await collect(worker, signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    stop()
  }
}

function collect(worker: Worker, signal: AbortSignal): Promise<Translation> {
  return new Promise((resolve, reject) => {
    const tools = new Map<string, OpenApiTool>()
    worker.on('message', (message: FromTranslator) => {
      if (message.kind === 'tools') for (const tool of message.tools) tools.set(tool.name, tool)
      else if (message.kind === 'failed') reject(new ParleyError(message.code, message.message))
      else resolve({ title: message.title, version: message.version, omitted: message.omitted, tools })
    })
    worker.once('error', (cause) => reject(tooMuch(cause)))
    worker.once('exit', () => reject(signal.aborted ? (signal.reason as Error) : tooMuch(undefined)))
  })
}

function tooMuch(cause: unknown): ParleyError {
  return new ParleyError(
    'upstream_invalid',
    `The OpenAPI document takes more than ${TIMEOUT_MS / 1000} s or ${MEMORY_MEBIBYTES} MiB to read; choose fewer of its operations.`,
    { cause },
  )
}

function threadUrl(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return new URL(isSource ? './translate-thread.ts' : './translate-thread.js', import.meta.url)
}

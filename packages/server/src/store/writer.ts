import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ParleyError } from '@parley/contract'
import { UnitEncoder, type WireUnit } from './unit-wire.ts'
import type {
  FromWriter,
  ToWriter,
  Unit,
  UnitAnswer,
  UnitFailure,
  UnitResult,
  WriterSettings,
} from './unit.ts'

/** Units that may wait for their commit. */
const MAX_WAITING_UNITS = 10_000

interface Waiting {
  readonly resolve: (result: UnitResult) => void
  readonly reject: (error: Error) => void
}

/** The event loop's side of the writer thread. */
export class Writer {
  readonly settings: WriterSettings
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #encoder = new UnitEncoder()
  /** What was submitted in this turn of the event loop goes together: the thread is woken once. */
  #unsent: WireUnit[] = []
  #lastId = 0
  #state: 'open' | 'full' | 'closing' | 'dead' = 'open'

  private constructor(worker: Worker, settings: WriterSettings) {
    this.settings = settings
    this.#worker = worker
    worker.on('message', (message: FromWriter) => this.#receive(message))
    worker.on('error', (error) => this.#die(error))
    worker.on('exit', () => this.#die(undefined))
  }

  /** Resolves when the thread has opened the database. */
  static async start(file: string): Promise<Writer> {
    const worker = new Worker(threadUrl(), { workerData: { file }, execArgv: [] })
    const [message] = (await once(worker, 'message')) as [FromWriter]
    if (message.kind !== 'ready') throw new ParleyError('internal', 'The writer of the hub did not start.')
    return new Writer(worker, message.settings)
  }

  /** False while the disk refuses writes, and for good once the thread is gone. */
  get writable(): boolean {
    return this.#state === 'open'
  }

  get waitingUnits(): number {
    return this.#waiting.size
  }

  submit(unit: Unit): Promise<UnitResult> {
    if (this.#state === 'closing')
      return Promise.reject(new ParleyError('unavailable', 'The hub is stopping.'))
    if (this.#state === 'dead') return Promise.reject(stopped(undefined))
    if (this.#waiting.size >= MAX_WAITING_UNITS) {
      return Promise.reject(new ParleyError('unavailable', 'Too many writes are waiting; try again.'))
    }
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      if (this.#unsent.push(this.#encoder.encode(id, unit)) === 1) setImmediate(() => this.#send())
    })
  }

  #send(): void {
    const units = this.#unsent
    this.#unsent = []
    if (units.length > 0) this.#worker.postMessage(units satisfies ToWriter)
  }

  /** Commits what waits and ends the thread. */
  async close(): Promise<void> {
    if (this.#state === 'dead') return
    this.#state = 'closing'
    this.#send()
    const ended = once(this.#worker, 'exit')
    this.#worker.postMessage('close' satisfies ToWriter)
    await ended
  }

  #receive(message: FromWriter): void {
    if (message.kind === 'answers') for (const answer of message.answers) this.#answer(answer)
    else if (message.kind === 'writable' && this.#state === 'full') this.#state = 'open'
  }

  #answer(answer: UnitAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if ('result' in answer) {
      if (this.#state === 'full') this.#state = 'open'
      waiting?.resolve(answer.result)
      return
    }
    if (answer.failure.kind === 'storage' && this.#state === 'open') this.#state = 'full'
    waiting?.reject(toError(answer.failure))
  }

  #die(cause: unknown): void {
    if (this.#state === 'dead') return
    this.#state = 'dead'
    for (const { reject } of this.#waiting.values()) reject(stopped(cause))
    this.#waiting.clear()
  }
}

function toError({ kind, message }: UnitFailure): ParleyError {
  return kind === 'storage'
    ? new ParleyError('storage_full', 'The disk of the hub takes no writes; nothing was changed.', {
        detail: message,
      })
    : new ParleyError('internal', 'The change could not be stored.', { detail: message })
}

/** What had been sent to it may or may not be on disk. */
function stopped(cause: unknown): ParleyError {
  return new ParleyError('internal', 'The writer of the hub has stopped; restart the hub.', { cause })
}

/** Beside this file, as source or built. */
function threadUrl(): URL {
  return new URL(
    import.meta.url.endsWith('.ts') ? './writer-thread.ts' : './writer-thread.js',
    import.meta.url,
  )
}

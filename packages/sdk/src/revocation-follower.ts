import type { Caller } from './caller.ts'
import { createEventReader } from './event-reader.ts'
import { fetchJson } from './fetch-json.ts'
import { RevokedMarks } from './revoked-marks.ts'
import type { RevocationList } from './verifier.ts'

export interface FollowerOptions {
  readonly url: string
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly staleAfterMs: number
}

const POLL_MS = 500
const MAX_STREAM_RETRY_MS = 30_000

/**
 * Keeps up with what an issuer revokes: by its event stream, and by asking twice a second while there is none. A stream
 * that is silent is not trusted either; the feed is asked beside it.
 */
export class RevocationFollower implements RevocationList {
  /** Resolves once the list was whole for the first time, or could not be got. */
  readonly firstHeard: Promise<void>
  readonly #options: FollowerOptions
  readonly #marks = new RevokedMarks()
  readonly #stop = new AbortController()
  #heardAtMs = -Infinity

  constructor(options: FollowerOptions) {
    this.#options = options
    this.firstHeard = this.#poll().then(
      () => {},
      () => {},
    )
    void this.firstHeard.then(() => this.#run())
  }

  get generation(): number {
    return this.#marks.generation
  }

  isCurrent(): boolean {
    return performance.now() - this.#heardAtMs <= this.#options.staleAfterMs
  }

  watch(caller: Caller): Promise<() => boolean> {
    return this.#marks.watch(caller)
  }

  close(): void {
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let retryMs = POLL_MS
    let streamAtMs = -Infinity
    while (!signal.aborted) {
      if (performance.now() >= streamAtMs) {
        retryMs = (await this.#stream()) ? POLL_MS : Math.min(retryMs * 2, MAX_STREAM_RETRY_MS)
        streamAtMs = performance.now() + retryMs
      }
      await pause(POLL_MS, signal)
      if (!signal.aborted) await this.#poll().catch(() => false)
    }
  }

  /** Asks for what came since; true when there was something. */
  async #poll(): Promise<boolean> {
    const { fetch, url, now } = this.#options
    const hadNews = this.#marks.take(await fetchJson(fetch, `${url}?since=${this.#marks.seq}`), now())
    this.#heardAtMs = performance.now()
    return hadNews
  }

  /** Resolves when the stream is over; true when it worked. */
  async #stream(): Promise<boolean> {
    const cut = new AbortController()
    const quietMs = this.#options.staleAfterMs / 3
    const watchdog = setInterval(() => {
      if (performance.now() - this.#heardAtMs < quietMs) return
      // A stream that kept something back is as dead as one whose hub does not answer.
      this.#poll().then(
        (hadNews) => hadNews && cut.abort(),
        () => cut.abort(),
      )
    }, quietMs)
    try {
      return await this.#readStream(AbortSignal.any([this.#stop.signal, cut.signal]))
    } catch {
      // Cut, refused, or in no known form: polling goes on, and the list is stale when that fails too.
      return false
    } finally {
      clearInterval(watchdog)
    }
  }

  async #readStream(signal: AbortSignal): Promise<boolean> {
    const { fetch, url } = this.#options
    const headers = { accept: 'text/event-stream' }
    const response = await fetch(url, { headers, redirect: 'manual', signal })
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
    if (response.status !== 200 || !response.body || !isStream) {
      await response.body?.cancel()
      return false
    }
    const read = createEventReader()
    let isWhole = false
    for await (const chunk of response.body) {
      for (const { name, data } of read(chunk)) {
        if (name === 'revocation') this.#marks.add(JSON.parse(data) as unknown)
        // All that counted when the stream began has been told.
        if (name === 'ready') isWhole = true
      }
      if (isWhole) this.#heardAtMs = performance.now()
    }
    return isWhole
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const end = () => resolve()
  signal.addEventListener('abort', end, { once: true })
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  })
}

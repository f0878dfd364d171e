import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { timingSafeEqual } from 'node:crypto'
import { CliError } from '../cli-error.ts'

export interface Callback {
  readonly parameters: URLSearchParams
  /** Says so to the person in the browser. */
  finish(text: string): void
  /** Sends the browser on. */
  goOn(url: string): void
}

export interface Loopback extends AsyncDisposable {
  readonly redirectUri: string
  /** The answer to the request with this state; anything else is turned away and waited on. */
  next(state: string): Promise<Callback>
}

const PATH = '/callback'
const PEOPLE_LIMIT_MS = 10 * 60_000
const MAX_URL_LENGTH = 8192

/** Listens on a free port of this machine for the browser to come back (RFC 8252 §7.3). */
export async function openLoopback(): Promise<Loopback> {
  let waiting: { state: string; resolve: (callback: Callback) => void } | undefined
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000 }, (req, res) => {
    const parameters = readCallback(req, port)
    // A page that guesses the port does not know the state.
    if (!waiting || !parameters || !isSame(parameters.get('state') ?? '', waiting.state))
      return respond(res, 404, 'Nothing is expected here.')
    const { resolve } = waiting
    waiting = undefined
    resolve({
      parameters,
      finish: (text) => respond(res, 200, text),
      goOn: (url) => void res.writeHead(302, { location: url, ...HEADERS }).end(),
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    redirectUri: `http://127.0.0.1:${port}${PATH}`,
    next: (state) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(tooLate()), PEOPLE_LIMIT_MS)
        waiting = {
          state,
          resolve(callback) {
            clearTimeout(timer)
            resolve(callback)
          },
        }
      }),
    async [Symbol.asyncDispose]() {
      server.closeIdleConnections()
      const closed = new Promise((resolve) => server.close(resolve))
      setTimeout(() => server.closeAllConnections(), 500).unref()
      await closed
    },
  }
}

const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  connection: 'close',
}

function readCallback(req: IncomingMessage, port: number): URLSearchParams | undefined {
  const url = req.url ?? ''
  if (req.method !== 'GET' || req.headers.host !== `127.0.0.1:${port}`) return undefined
  if (url.length > MAX_URL_LENGTH || !url.startsWith(`${PATH}?`)) return undefined
  const parameters = new URLSearchParams(url.slice(PATH.length))
  // RFC 6749 §3.1: no parameter twice.
  return new Set(parameters.keys()).size === [...parameters].length ? parameters : undefined
}

function isSame(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function respond(res: ServerResponse, status: number, text: string): void {
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Parley</title><p>${text}</p></html>`
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...HEADERS }).end(page)
}

function tooLate(): CliError {
  return new CliError('Nobody came back from the browser within ten minutes.', {
    code: 'unauthenticated',
    hint: 'Try again: parley login',
  })
}

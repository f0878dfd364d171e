/**
 * Preloaded into the conformance suite (`node --import`), which has no option for a bearer token: adds the
 * Authorization header to requests to the hub's origin and to no other. Node and undici announce each request on a
 * diagnostics channel before its head is written; fetch, undici and node:http are all the suite uses.
 */
import { subscribe } from 'node:diagnostics_channel'

const origin = process.env.PARLEY_CONFORMANCE_ORIGIN
const key = process.env.PARLEY_CONFORMANCE_KEY

if (origin !== undefined && key !== undefined) authorize(new URL(origin), `Bearer ${key}`)

interface UndiciRequest {
  origin: string | URL
  headers: string[]
  addHeader: (name: string, value: string) => void
}

interface NodeRequest {
  getHeader: (name: string) => unknown
  setHeader: (name: string, value: string) => void
}

function authorize(hub: URL, credential: string): void {
  subscribe('undici:request:create', (message) => {
    const { request } = message as { request: UndiciRequest }
    if (new URL(request.origin).origin !== hub.origin) return
    const isSet = request.headers.some((name, index) => index % 2 === 0 && /^authorization$/i.test(name))
    if (!isSet) request.addHeader('authorization', credential)
  })
  subscribe('http.client.request.created', (message) => {
    const { request } = message as { request: NodeRequest }
    if (request.getHeader('host') !== hub.host || request.getHeader('authorization') !== undefined) return
    request.setHeader('authorization', credential)
  })
}

import assert from 'node:assert/strict'
import { countSeen, type Json } from '../evil/evil-state.ts'
import type { EvilHttp } from '../evil/evil-http.ts'
import { errorCode, toolText, type Face } from '../kit/face.ts'
import type { Hub } from '../kit/hub.ts'
import type { Reply } from '../kit/http.ts'
import type { Rig } from '../run/rig.ts'

export interface Refusal {
  readonly status?: readonly number[]
  readonly code?: readonly number[]
}

/** The reply is an error in the caller's own protocol: a JSON-RPC error object with an integer code and a message. */
export function expectRpcError(reply: Reply, label: string, refusal: Refusal = {}): void {
  const seen = `${label}: got ${reply.status} ${reply.text.slice(0, 300)}`
  const error = reply.answer?.['error'] as Json | undefined
  assert.ok(error, `${seen}, wanted a JSON-RPC error`)
  assert.equal(reply.answer?.['jsonrpc'], '2.0', seen)
  assert.ok(!('result' in (reply.answer ?? {})), `${seen}: an error and a result`)
  assert.ok(Number.isSafeInteger(error['code']), `${seen}: the code is no integer`)
  assert.ok(typeof error['message'] === 'string' && error['message'].length > 0, `${seen}: no message`)
  if (refusal.status)
    assert.ok(refusal.status.includes(reply.status), `${seen}, wanted status ${refusal.status.join(' or ')}`)
  if (refusal.code)
    assert.ok(
      refusal.code.includes(errorCode(reply) ?? 0),
      `${seen}, wanted code ${refusal.code.join(' or ')}`,
    )
}

/** An error of the listener or the management API: never 5xx, and either JSON-RPC, problem+json or no body at all. */
export function expectHttpRefusal(reply: Reply, label: string, statuses?: readonly number[]): void {
  const seen = `${label}: got ${reply.status} ${reply.text.slice(0, 300)}`
  if (statuses) assert.ok(statuses.includes(reply.status), `${seen}, wanted ${statuses.join(' or ')}`)
  else assert.ok(reply.status >= 400 && reply.status < 500, `${seen}, wanted 4xx`)
  if (reply.text === '') return
  const isProblem =
    String(reply.headers['content-type']).startsWith('application/problem+json') && reply.json !== undefined
  assert.ok(
    isProblem || reply.json?.['error'] !== undefined,
    `${seen}: neither problem+json nor an error object`,
  )
}

export function expectToolText(reply: Reply, text: string, label: string): void {
  assert.equal(toolText(reply), text, `${label}: got ${reply.status} ${reply.text.slice(0, 300)}`)
}

/** A proper call goes through: what proves that the improper ones beside it failed for the right reason. */
export async function expectEcho(face: Face, tool = 'echo', label = 'a proper call'): Promise<void> {
  expectToolText(
    await face.call(tool, { text: 'proper' }),
    '{"text":"proper"}',
    `${label} at ${face.path} (${face.era})`,
  )
}

/** Runs `act` and fails if any message of that method reached the upstream meanwhile. */
export async function expectNothingForwarded(
  evil: EvilHttp,
  method: string,
  act: () => Promise<void>,
): Promise<void> {
  const before = countSeen(evil.state, method)
  await act()
  assert.equal(countSeen(evil.state, method) - before, 0, `${method} reached the upstream`)
}

/** Registers a server for the length of the case and returns the API's answer. */
export async function addServer(rig: Rig, name: string, url: string, more: Json = {}): Promise<Reply> {
  rig.defer(() => rig.hub.api('DELETE', `/api/servers/${name}`))
  const reply = await rig.hub.api('POST', '/api/servers', { name, url, ...more })
  assert.ok(
    reply.status === 200 || reply.status === 201,
    `adding ${name} answered ${reply.status} ${reply.text.slice(0, 300)}`,
  )
  await rig.settle()
  return reply
}

export async function showServer(hub: Hub, name: string): Promise<Json> {
  const reply = await hub.api('GET', `/api/servers/${name}`)
  assert.equal(reply.status, 200, `GET /api/servers/${name}: ${reply.text.slice(0, 300)}`)
  return reply.json ?? {}
}

export async function refresh(hub: Hub, name: string): Promise<Json> {
  const reply = await hub.api('POST', `/api/servers/${name}/refresh`)
  assert.equal(reply.status, 200, `refresh of ${name}: ${reply.status} ${reply.text.slice(0, 300)}`)
  return reply.json ?? {}
}

/** Names in a list's answer, all pages of it. */
export async function listNames(
  face: Face,
  method = 'tools/list',
  key = 'tools',
  field = 'name',
): Promise<string[]> {
  const names: string[] = []
  let cursor: unknown
  for (let page = 0; page < 200; page += 1) {
    const reply = await face.send(method, cursor === undefined ? {} : { cursor })
    const result = reply.answer?.['result'] as Json | undefined
    assert.ok(result, `${method} at ${face.path} (${face.era}): ${reply.status} ${reply.text.slice(0, 300)}`)
    names.push(...(result[key] as Json[]).map((item) => String(item[field])))
    cursor = result['nextCursor']
    if (cursor === undefined) return names
  }
  throw new Error(`${method} never ends`)
}

/** Waits until it is true; fails after the time with what it waited for. */
export async function until(
  label: string,
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs = 5000,
): Promise<number> {
  const started = performance.now()
  while (performance.now() - started < timeoutMs) {
    if (await isTrue()) return performance.now() - started
    await sleep(10)
  }
  throw new Error(`${label}: not within ${timeoutMs} ms`)
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

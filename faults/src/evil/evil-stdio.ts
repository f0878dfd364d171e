import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { answer } from './answer.ts'
import { scriptedPrompts, scriptedResources, scriptedTemplates, scriptedTools } from './definitions.ts'
import type { Era, EvilState, Json } from './evil-state.ts'
import { createEvilState } from './evil-state.ts'
import type { Exchange } from './exchange.ts'

/**
 * The evil server as a child process. It has no port to be asked through, so it writes what it sees to `--log`
 * (one JSON line per message, its pid first) and reads its tools anew from `--tools` for each list, if that file is
 * there. `--crash start` ends it at once, `--crash initialize` when it is first spoken to.
 */
const { values } = parseArgs({
  strict: false,
  options: {
    era: { type: 'string', default: '2026-07-28' },
    log: { type: 'string' },
    tools: { type: 'string' },
    crash: { type: 'string' },
    stubborn: { type: 'boolean' },
  },
})
const era = values['era'] as Era
const state: EvilState = createEvilState({
  tools: scriptedTools(),
  prompts: scriptedPrompts(),
  templates: scriptedTemplates(),
  resources: scriptedResources(),
})
const pending = new Map<string, (answer: Json) => void>()
const running = new Map<string, AbortController>()

log({ pid: process.pid, ppid: process.ppid, argv: process.argv.slice(2) })
if (values['crash'] === 'start') process.exit(3)
if (values['stubborn']) process.on('SIGTERM', () => log({ signal: 'SIGTERM' }))
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => void receive(line))
lines.on('close', () => {
  log({ event: 'stdin closed' })
  if (!values['stubborn']) process.exit(0)
  else setInterval(() => {}, 1000)
})

async function receive(line: string): Promise<void> {
  const message = JSON.parse(line) as Json
  const params = (message['params'] as Json | undefined) ?? {}
  const name = params['name'] ?? params['uri']
  log({ method: message['method'], name, message })
  if (values['crash'] === 'initialize') process.exit(4)
  if (typeof message['method'] !== 'string') return pending.get(String(message['id']))?.(message)
  if (message['id'] === undefined) {
    if (message['method'] === 'notifications/cancelled')
      running.get(JSON.stringify(params['requestId']))?.abort('notification')
    return
  }
  if (typeof values['tools'] === 'string' && existsSync(values['tools'])) {
    state.tools = JSON.parse(readFileSync(values['tools'], 'utf8')) as Json[]
  }
  if (refusedByEra(message, params)) return
  if (message['method'] === 'subscriptions/listen') return acknowledge(message, params)
  state.seen.push({
    at: 0,
    headers: {},
    rawHeaders: [],
    method: message['method'],
    name: typeof name === 'string' ? name : undefined,
    message,
    raw: line,
  })
  await answer(createStdioExchange(message, params, line))
}

function refusedByEra(message: Json, params: Json): boolean {
  const meta = params['_meta'] as Json | undefined
  const modern = meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined
  if (era === '2026-07-28' && modern) return false
  if (era === '2025-11-25' && message['method'] !== 'server/discover') return false
  write({ jsonrpc: '2.0', id: message['id'], error: { code: -32601, message: 'Method not found' } })
  return true
}

function acknowledge(message: Json, params: Json): void {
  const _meta = { 'io.modelcontextprotocol/subscriptionId': message['id'] }
  const acknowledged = { _meta, notifications: params['notifications'] ?? {} }
  write({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: acknowledged })
}

function createStdioExchange(message: Json, params: Json, raw: string): Exchange {
  const abort = new AbortController()
  const id = message['id']
  const key = JSON.stringify(id)
  running.set(key, abort)
  abort.signal.addEventListener('abort', () =>
    log({ event: 'cancelled', name: params['name'], via: abort.signal.reason }),
  )
  function finish(outcome: Json): void {
    running.delete(key)
    write({ jsonrpc: '2.0', id, ...outcome })
  }
  return {
    era,
    state,
    id,
    message,
    params,
    args: (params['arguments'] as Json | undefined) ?? {},
    raw,
    signal: abort.signal,
    wire: { kind: 'stdio', write: (text) => void process.stdout.write(text) },
    result: (result) => finish({ result }),
    error: (code, text, data) =>
      finish({ error: { code, message: text, ...(data === undefined ? {} : { data }) } }),
    notify: (method, notificationParams) => write({ jsonrpc: '2.0', method, params: notificationParams }),
    serverRequest: (method, requestParams, requestId = `server-${Math.random()}`) =>
      new Promise((resolve) => {
        pending.set(requestId, resolve)
        write({ jsonrpc: '2.0', id: requestId, method, params: requestParams })
      }),
  }
}

function write(message: Json): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

function log(entry: Json): void {
  if (typeof values['log'] === 'string')
    appendFileSync(values['log'], `${JSON.stringify({ at: Date.now(), ...entry })}\n`)
}

import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { loadConfig, readEnv, startHub, type Hub } from '@parley/server'
import { Pool } from 'undici'
import { readCpuTime } from '../kit/process-cost.ts'
import { least, median } from '../kit/statistics.ts'

/**
 * What a token costs at the token endpoint, for agents with a secret and with a key: CPU µs per request of the thread
 * that answers, and of the store's thread. The client works on a thread of its own, which is not counted.
 * `node bench/src/micro/token-endpoint.ts`
 */

const ROUNDS = 7
const REQUESTS_PER_ROUND = 3000
const CONNECTIONS = 16
const FORM = 'application/x-www-form-urlencoded'
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

interface AgentUnderLoad {
  readonly url: string
  readonly id: string
  readonly secret: string | undefined
  readonly privateKey: Readonly<Record<string, string>> | undefined
}

if (isMainThread) await measure()
else serveLoad(workerData as AgentUnderLoad)

async function measure(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-tokens-'))
  const file = join(directory, 'parley.yaml')
  writeFileSync(file, '{}', { mode: 0o600 })
  const flags = { config: file, port: '0', dataDir: join(directory, 'data') }
  const environment = readEnv({})
  const config = loadConfig({ flags, environment, workingDirectory: directory })
  const hub = await startHub(config, environment, (message, detail) => console.error(message, detail))
  const numbers: Record<string, number> = {}
  for (const proof of ['secret', 'new-key'] as const) {
    const agent = await enrol(hub, proof)
    const worker = new Worker(new URL(import.meta.url), { workerData: agent })
    await runRound(worker)
    const rounds = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await runRound(worker))
    const own = least(rounds.map((round) => round.ownUs))
    const name = proof === 'secret' ? 'client_secret_basic' : 'private_key_jwt'
    numbers[`${name}, answering thread, least CPU µs`] = own
    numbers[`${name}, answering thread, tokens per core second`] = 1e6 / own
    numbers[`${name}, other threads, least CPU µs`] = least(rounds.map((round) => round.otherUs))
    numbers[`${name}, reached, median per second`] = median(rounds.map((round) => round.perSecond))
    await worker.terminate()
  }
  await hub[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
  console.log(JSON.stringify(numbers, null, 2))
}

async function enrol(hub: Hub, kind: 'secret' | 'new-key'): Promise<AgentUnderLoad> {
  const wanted = { name: kind === 'secret' ? 'with-secret' : 'with-key', owner: null, proof: { kind } }
  const { agent, shownOnce } = await hub.clients.agents.create(wanted, 'bench')
  const terms = {
    audiences: { [`${hub.url}/mcp`]: ['mcp'] },
    capabilities: [{ capability: 'tool:*' }],
    limits: {},
    expiresAt: null,
  }
  const holder = { kind: 'agent', id: agent.id } as const
  await hub.grants.create({ kind: 'entitlement', holder, person: null, parent: null, terms }, 'bench')
  return {
    url: hub.url,
    id: agent.id,
    secret: shownOnce.kind === 'secret' ? shownOnce.secret : undefined,
    privateKey: shownOnce.kind === 'private-key' ? shownOnce.privateKey : undefined,
  }
}

async function runRound(worker: Worker) {
  await ask(worker, 'prepare')
  const own = process.threadCpuUsage()
  const all = readCpuTime(process.pid).usedUs
  const { seconds, clientUs } = await ask(worker, 'run')
  const { user, system } = process.threadCpuUsage(own)
  const ownUs = user + system
  const otherUs = readCpuTime(process.pid).usedUs - all - ownUs - clientUs
  return {
    ownUs: ownUs / REQUESTS_PER_ROUND,
    otherUs: otherUs / REQUESTS_PER_ROUND,
    perSecond: REQUESTS_PER_ROUND / seconds,
  }
}

interface LoadAnswer {
  readonly seconds: number
  readonly clientUs: number
}

function ask(worker: Worker, what: 'prepare' | 'run'): Promise<LoadAnswer> {
  return new Promise((resolve, reject) => {
    worker.once('message', (answer: LoadAnswer & { fault?: string }) =>
      answer.fault === undefined ? resolve(answer) : reject(new Error(answer.fault)),
    )
    worker.postMessage(what)
  })
}

/** The client: what is signed is signed before it counts. */
function serveLoad(agent: AgentUnderLoad): void {
  const pool = new Pool(agent.url, { connections: CONNECTIONS })
  let bodies: string[] = []
  parentPort!.on('message', (what: 'prepare' | 'run') => {
    if (what === 'prepare') {
      bodies = Array.from({ length: REQUESTS_PER_ROUND }, () => bodyFor(agent))
      parentPort!.postMessage({ seconds: 0, clientUs: 0 })
      return
    }
    send(pool, agent, bodies).then(
      (answer) => parentPort!.postMessage(answer),
      (error: unknown) => parentPort!.postMessage({ fault: String(error) }),
    )
  })
}

async function send(pool: Pool, agent: AgentUnderLoad, bodies: string[]): Promise<LoadAnswer> {
  const basic = Buffer.from(`${agent.id}:${agent.secret}`).toString('base64')
  const headers = {
    'content-type': FORM,
    ...(agent.secret === undefined ? {} : { authorization: `Basic ${basic}` }),
  }
  const before = process.threadCpuUsage()
  const startedMs = performance.now()
  let next = 0
  const connection = async () => {
    while (next < bodies.length) {
      const body = bodies[next++]!
      const answer = await pool.request({ method: 'POST', path: '/oauth/token', headers, body })
      const text = await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  const { user, system } = process.threadCpuUsage(before)
  return { seconds: (performance.now() - startedMs) / 1000, clientUs: user + system }
}

function bodyFor({ id, url, privateKey }: AgentUnderLoad): string {
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (privateKey) {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: id, sub: id, aud: url, jti: randomUUID(), iat: now, exp: now + 240 }
    const head = encode({ alg: 'ES256', kid: privateKey['kid'] })
    const input = `${head}.${encode(claims)}`
    const key = createPrivateKey({ key: { ...privateKey }, format: 'jwk' })
    const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
    form.set('client_assertion', `${input}.${signature.toString('base64url')}`)
    form.set('client_assertion_type', ASSERTION_TYPE)
  }
  return form.toString()
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

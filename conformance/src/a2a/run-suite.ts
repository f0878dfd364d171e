import { CHECKS } from './checks/all-checks.ts'
import { NotJudged } from './checks/check.ts'
import type { Check } from './checks/check.ts'
import { Scene } from './checks/scene.ts'
import type { Clients } from './checks/scene.ts'
import { interfaceOf } from './subject.ts'
import type { Subject } from './subject.ts'
import { createHttpJsonClient } from './wire/http-json-client.ts'
import { createJsonRpcClient } from './wire/json-rpc-client.ts'
import { BINDINGS } from './wire/operations.ts'
import type { Binding } from './wire/operations.ts'
import type { WebhookListener } from './webhook-listener.ts'

export interface Outcome {
  readonly check: Check
  /** `card` for checks that no binding has a part in. */
  readonly where: Binding | 'card'
  readonly verdict: 'passed' | 'failed' | 'skipped'
  /** What it saw, why it failed, or what was missing. */
  readonly saw: string
  readonly tookMs: number
}

export interface SuiteOptions {
  readonly webhooks: WebhookListener
  readonly bindings?: readonly Binding[]
  /** A part of a check's name or a requirement's id. */
  readonly only?: string
  readonly isWanted?: (job: Pick<Outcome, 'check' | 'where'>) => boolean
}

/** Checks wait more than they compute. */
const runAtOnce = 8
const checkLimitMs = 15_000

/** Runs every check against the subject in each binding that its card has. */
export async function runSuite(subject: Subject, options: SuiteOptions): Promise<Outcome[]> {
  const { webhooks, only, isWanted = () => true } = options
  const clients = await createClients(subject)
  const bindings = (options.bindings ?? BINDINGS).filter((binding) => clients[binding] !== undefined)
  const jobs = CHECKS.filter((check) => only === undefined || isMeant(check, only))
    .flatMap((check) => placesOf(check, bindings).map((where) => ({ check, where })))
    .filter(isWanted)
  const outcomes = Array.from<Outcome>({ length: jobs.length })
  let next = 0
  await Promise.all(
    Array.from({ length: runAtOnce }, async () => {
      for (let index = next++; index < jobs.length; index = next++) {
        const { check, where } = jobs[index]!
        const binding = where === 'card' ? (bindings[0] ?? 'JSONRPC') : where
        const scene = new Scene({ subject, binding, clients, webhooks })
        outcomes[index] = await runCheck(check, { where, scene })
      }
    }),
  )
  for (const client of Object.values(clients)) client?.close()
  return outcomes
}

async function runCheck(
  check: Check,
  { where, scene }: { where: Outcome['where']; scene: Scene },
): Promise<Outcome> {
  const startedMs = performance.now()
  const outcome = (verdict: Outcome['verdict'], saw: string): Outcome => ({
    check,
    where,
    verdict,
    saw,
    tookMs: Math.round(performance.now() - startedMs),
  })
  const missing = (check.needs ?? []).find((need) => !need.holds(scene.subject))
  if (missing !== undefined) return outcome('skipped', `needs ${missing.what}`)
  try {
    return outcome('passed', await within(checkLimitMs, check.run(scene)))
  } catch (error) {
    if (error instanceof NotJudged) return outcome('skipped', error.message)
    return outcome('failed', error instanceof Error ? error.message : String(error))
  } finally {
    scene.close()
  }
}

async function within(limitMs: number, work: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

async function createClients(subject: Subject): Promise<Clients> {
  const jsonRpc = interfaceOf(subject, 'JSONRPC', '1.0')
  const httpJson = interfaceOf(subject, 'HTTP+JSON', '1.0')
  const grpc = interfaceOf(subject, 'GRPC', '1.0')
  return {
    JSONRPC: jsonRpc && createJsonRpcClient(jsonRpc),
    'HTTP+JSON': httpJson && createHttpJsonClient(httpJson),
    GRPC: grpc && (await import('./wire/grpc-client.ts')).createGrpcClient(grpc),
  }
}

function placesOf(check: Check, bindings: readonly Binding[]): Outcome['where'][] {
  const { bindings: own = BINDINGS } = check
  return own === 'once' ? ['card'] : bindings.filter((binding) => own.includes(binding))
}

function isMeant({ says, proves }: Check, only: string): boolean {
  return says.includes(only) || proves.some((id) => id.startsWith(only))
}

import {
  ParleyError,
  parseCapabilityName,
  toParleyError,
  type Principal,
  type TaskId,
} from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../../lib/json-rpc.ts'
import { isFinal, type NewTask, type Task, type TaskChange } from '../../tasks/index.ts'
import type { Call, GatewayTools } from '../call.ts'
import { guardNotification, guardOutcome } from '../guard-outcome.ts'
import { toRpcError } from '../reply.ts'
import { RELATED_TASK } from './tasks-extension.ts'
import { cancelUpstream, followUpstream, plainQuestion, type Following } from './follow-upstream.ts'
import type { CallWays, OpenCall, UpstreamRef } from './open-call.ts'
import { TaskRun, type Question, type TaskTerms } from './task-run.ts'
import { Turnstile } from './turnstile.ts'

/** Polls of servers at the same time. */
const POLLS_AT_ONCE = 32
/** How long the end of a task that cannot be written waits for the disk. */
const RETRY_MS = 1000

const outcomeOfNoServer: Outcome = Object.freeze({
  error: toRpcError(new ParleyError('not_found', 'The server that ran this is not there any more.')),
})

/** The tasks that are under way in this process. */
export class TaskRuns {
  readonly #tools: GatewayTools
  readonly #ways: CallWays
  readonly #runs = new Map<TaskId, TaskRun>()
  readonly #refs = new Map<TaskId, UpstreamRef>()
  readonly #following: Following
  readonly #unfollow: () => void
  #isClosed = false

  constructor(tools: GatewayTools, ways: Omit<CallWays, 'taskEvents'>) {
    this.#tools = tools
    this.#ways = {
      ...ways,
      taskEvents: (server) => ({ serverRequest: (request) => this.#askOutside(server, request) }),
    }
    this.#following = { tools, ways: this.#ways, polls: new Turnstile(POLLS_AT_ONCE) }
    this.#unfollow = tools.tasks.onChange((task) => {
      if (isFinal(task.state)) this.#end(task)
    })
  }

  get ways(): CallWays {
    return this.#ways
  }

  find(id: TaskId): TaskRun | undefined {
    return this.#runs.get(id)
  }

  /** Makes a task of a call that is open already. Resolves once it is on disk. */
  async take(wanted: NewTask, terms: TaskTerms, open: () => Promise<OpenCall>): Promise<[Task, TaskRun]> {
    const task = await this.#tools.tasks.create(wanted)
    const run = this.#add(task, terms)
    void this.#carryOut(run, open)
    return [task, run]
  }

  /** Makes a task of what a server runs as one. */
  async mirror(wanted: NewTask, ref: UpstreamRef): Promise<[Task, TaskRun]> {
    const task = await this.#tools.tasks
      .create({ ...wanted, upstreamRef: { ...ref } })
      .catch((error: unknown) => {
        // Nobody would ever ask for it.
        void cancelUpstream(this.#following, { run: wanted, ref })
        throw error
      })
    const run = this.#add(task, ref)
    void this.#follow(run, ref)
    return [task, run]
  }

  /** After a start: what lives on at its server is followed on, and what died with the process ends. */
  async resume(): Promise<void> {
    const { tasks } = this.#tools
    await Promise.all(
      tasks.unfinished('mcp').map(async (task) => {
        const ref = tasks.upstreamRefOf(task.id) as unknown as UpstreamRef | undefined
        if (ref) return void this.#follow(this.#add(task, ref), ref, true)
        const message = 'The hub was stopped while it ran this; whether the tool did its work is not known.'
        await this.#write(task.id, {
          state: 'failed',
          message,
          outcome: { error: toRpcError(new ParleyError('unavailable', message)) },
        })
      }),
    )
  }

  /** Ends what runs for those who are meant. */
  cut(isMeant: (principal: Principal) => boolean): void {
    for (const { id, principal } of this.#runs.values()) {
      if (isMeant(principal))
        void this.#write(id, { state: 'cancelled', message: 'The access under which this ran has ended.' })
    }
  }

  /** Lets go of everything as a kill would: the next start finds it. */
  close(): void {
    this.#isClosed = true
    this.#unfollow()
    for (const run of this.#runs.values()) run.abort(new ParleyError('unavailable', 'The hub is stopping.'))
    this.#runs.clear()
  }

  #add(task: Task, terms: TaskTerms): TaskRun {
    const { capabilities, clientInfo } = terms
    const run = new TaskRun(
      task,
      { capabilities, clientInfo },
      {
        tasks: this.#tools.tasks,
        guard: (notification) => {
          const entry = this.#tools.registry.entry(task.server)
          return entry ? guardNotification(entry, notification) : notification
        },
      },
    )
    this.#runs.set(task.id, run)
    return run
  }

  /** Ids of tasks are the server's own, and unique among all its sessions. */
  #askOutside(server: string, { method, params }: Question): Promise<Outcome> {
    const meta = isObject(params?.['_meta']) ? params['_meta'][RELATED_TASK] : undefined
    const taskId = isObject(meta) ? meta['taskId'] : undefined
    for (const [id, ref] of this.#refs) {
      const run = ref.taskId === taskId ? this.#runs.get(id) : undefined
      if (run?.server === server) return run.ask(plainQuestion({ method, ...(params && { params }) }))
    }
    return Promise.resolve({ error: { code: -32601, message: 'This belongs to no task.' } })
  }

  async #carryOut(run: TaskRun, open: () => Promise<OpenCall>): Promise<void> {
    try {
      const call = await open()
      run.signal.addEventListener('abort', () => call.cancel(run.signal.reason as ParleyError), {
        once: true,
      })
      if (run.signal.aborted) return call.cancel(run.signal.reason as ParleyError)
      const step = await call.goOn(run)
      if (step.kind === 'done') return await this.#finish(run, step.outcome)
      await this.#write(run.id, { state: 'working', upstreamRef: { ...step.ref } })
      await this.#follow(run, step.ref)
    } catch (error) {
      await this.#finish(run, { error: toRpcError(toParleyError(error)) })
    }
  }

  /** The session a task was made in is open still, unless the task is one of before a restart. */
  async #follow(run: TaskRun, given: UpstreamRef, isResumed = false): Promise<void> {
    const ref = isResumed ? given : { ...given, sessionId: undefined }
    this.#refs.set(run.id, ref)
    try {
      const end = await followUpstream(this.#following, { run, ref })
      if (end.kind === 'cancelled')
        await this.#write(run.id, { state: 'cancelled', message: 'The server cancelled it.' })
      else await this.#finish(run, end.outcome)
    } catch (error) {
      await this.#finish(run, { error: toRpcError(toParleyError(error)) })
    }
  }

  async #finish(run: TaskRun, ended: Outcome): Promise<void> {
    if (run.signal.aborted) return
    await run.settled()
    const outcome = this.#guard(run, ended)
    const change: TaskChange =
      'error' in outcome
        ? { state: 'failed', outcome, message: outcome.error.message }
        : { state: 'completed', outcome, message: run.message }
    await this.#write(run.id, change)
  }

  /** As what is answered at once: what the server's settings take out is gone before it is kept. */
  #guard({ server, capability, principal }: TaskRun, outcome: Outcome): Outcome {
    const entry = this.#tools.registry.entry(server)
    const name = parseCapabilityName(capability)?.name
    if (!entry || name === undefined) return outcomeOfNoServer
    const definitionHash = entry.catalog.tools.get(name)?.hash
    const call = { principal, capability, definitionHash }
    return guardOutcome(this.#tools, call, { entry, kind: 'tool', name }, outcome)
  }

  /** A result is not lost because the disk is full for a while. */
  async #write(id: TaskId, change: TaskChange): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#tools.tasks.change(id, change)
        return
      } catch (error) {
        this.#tools.onError(error)
        await new Promise<void>((resolve) => this.#tools.clock.setTimeout(resolve, RETRY_MS))
      }
    }
  }

  /** However it ended, also by hand or because its time is over: its call is broken off, and its server told. */
  #end(task: Task): void {
    const run = this.#runs.get(task.id)
    if (!run) return
    this.#runs.delete(task.id)
    const ref = this.#refs.get(task.id)
    this.#refs.delete(task.id)
    run.abort(new ParleyError('unavailable', `The task has ended (${task.state}).`))
    if (ref && task.state !== 'completed') void cancelUpstream(this.#following, { run, ref })
  }
}

/** What a new task says of the call it is made of. */
export function newTaskOf(
  call: Pick<Call, 'principal' | 'method' | 'capability' | 'argumentsDigest'>,
  server: string,
  more: Partial<Pick<NewTask, 'ttlMs' | 'pollIntervalMs' | 'message'>> & {
    handle?: JsonObject
  } = {},
): NewTask {
  const { handle, ...own } = more
  return {
    face: 'mcp',
    principal: call.principal,
    server,
    action: call.method,
    capability: call.capability!,
    argumentsDigest: call.argumentsDigest,
    ...ofHandle(handle),
    ...own,
  }
}

/** What a server's own task says of itself, in either revision's words. */
function ofHandle(handle: JsonObject | undefined) {
  if (!handle) return {}
  const ttlMs = handle['ttlMs'] ?? handle['ttl']
  const pollIntervalMs = handle['pollIntervalMs'] ?? handle['pollInterval']
  const message = handle['statusMessage']
  return {
    ...(typeof ttlMs === 'number' ? { ttlMs } : {}),
    ...(typeof pollIntervalMs === 'number' ? { pollIntervalMs } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  }
}

import type { ParleyError } from '@parley/contract'
import { type CapabilityName, type Principal, type TaskId } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../../lib/json-rpc.ts'
import type { Task, Tasks } from '../../tasks/index.ts'
import type { ServerNotification } from '../../upstream/index.ts'
import { clientMayBeAsked } from '../input-requests.ts'

const MAX_QUESTIONS = 20
const MAX_KEYS = 1000

export interface Question {
  readonly method: string
  readonly params?: JsonObject
}

/** What a task's client can be asked, and who it is. */
export interface TaskTerms {
  readonly capabilities: JsonObject
  readonly clientInfo: JsonObject
}

/** A task that is under way in this process: what it asks of its client, and how it is stopped. */
export class TaskRun {
  readonly id: TaskId
  readonly principal: Principal
  readonly server: string
  readonly capability: CapabilityName
  readonly terms: TaskTerms
  /** For people; what the server last said of its progress. */
  message: string | undefined
  /** Notifications that belong to the task, for a client that can be told. */
  onNotification: ((notification: ServerNotification) => void) | undefined
  /** What somebody is being asked at this moment (2025-11-25). */
  readonly asked = new Set<string>()
  readonly #tasks: Pick<Tasks, 'change'>
  readonly #abort = new AbortController()
  readonly #questions = new Map<string, { question: Question; answer: (outcome: Outcome) => void }>()
  /** A key is never used for a second question (SEP-2663, Task Update Requests). */
  readonly #usedKeys = new Set<string>()
  readonly #watchers = new Set<() => void>()
  #state: 'working' | 'input_required' = 'working'
  #turn: Promise<void> = Promise.resolve()

  constructor(task: Task, terms: TaskTerms, tasks: Pick<Tasks, 'change'>) {
    this.id = task.id
    this.principal = task.principal
    this.server = task.server
    this.capability = task.capability
    this.terms = terms
    this.#tasks = tasks
  }

  /** Aborted when the task is given up, or has ended in another way. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** All that the client has yet to answer, by key. */
  get inputRequests(): JsonObject {
    return Object.fromEntries([...this.#questions].map(([key, { question }]) => [key, question]))
  }

  get isAsking(): boolean {
    return this.#questions.size > 0
  }

  abort(reason: ParleyError): void {
    this.#abort.abort(reason)
    for (const key of this.#questions.keys()) this.withdraw(key)
  }

  /** Puts a question to the client, who finds it with the task, and waits for the answer. */
  ask(question: Question, wantedKey = 'q'): Promise<Outcome> {
    const refusal = clientMayBeAsked(question, this.terms.capabilities)
    if (refusal !== undefined) return Promise.resolve({ error: { code: -32601, message: refusal } })
    if (this.#questions.size >= MAX_QUESTIONS || this.#usedKeys.size >= MAX_KEYS)
      return Promise.resolve({ error: { code: -32603, message: 'Too many questions.' } })
    if (this.signal.aborted)
      return Promise.resolve({ error: { code: -32603, message: 'The task has ended.' } })
    return new Promise((resolve) => this.#put(this.#freshKey(wantedKey), question, resolve))
  }

  /** Takes the client's answers; what answers nothing that is open is ignored. Answers the keys that were. */
  answer(responses: JsonObject): string[] {
    const answered: string[] = []
    for (const [key, { answer }] of this.#questions) {
      const value = Object.hasOwn(responses, key) ? responses[key] : undefined
      if (!isObject(value)) continue
      this.#questions.delete(key)
      answered.push(key)
      answer({ result: value })
    }
    this.#settleState()
    return answered
  }

  /** The client refused to answer. */
  refuse(key: string, outcome: Outcome): void {
    const open = this.#questions.get(key)
    if (!open || !this.#questions.delete(key)) return
    open.answer(outcome)
    this.#settleState()
  }

  withdraw(key: string): void {
    this.refuse(key, { error: { code: -32603, message: 'The question was withdrawn.' } })
  }

  /** What a server that runs the task asks now, under its own keys; each answer goes to `forward`. */
  mirror(inputRequests: JsonObject, forward: (key: string, response: JsonObject) => void): void {
    for (const key of this.#questions.keys()) if (!Object.hasOwn(inputRequests, key)) this.withdraw(key)
    for (const [key, request] of Object.entries(inputRequests)) {
      if (this.#usedKeys.has(key) || !isQuestion(request)) continue
      if (this.#questions.size >= MAX_QUESTIONS || this.#usedKeys.size >= MAX_KEYS) return
      if (clientMayBeAsked(request, this.terms.capabilities) !== undefined) continue
      this.#usedKeys.add(key)
      this.#put(key, request, (outcome) => 'result' in outcome && forward(key, outcome.result))
    }
    this.#settleState()
  }

  notify(notification: ServerNotification): void {
    const said = notification.method === 'notifications/progress' && notification.params?.['message']
    if (typeof said === 'string') this.message = said.slice(0, 1000)
    this.onNotification?.(notification)
  }

  /** Told whenever there may be another question; answers the unsubscriber. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** When every change of state so far is on disk. */
  settled(): Promise<void> {
    return this.#turn
  }

  #put(key: string, question: Question, answer: (outcome: Outcome) => void): void {
    this.#questions.set(key, { question, answer })
    this.#settleState()
    for (const watcher of this.#watchers) watcher()
  }

  #freshKey(wanted: string): string {
    let key = wanted
    for (let count = 1; this.#usedKeys.has(key); count++) key = `${wanted}-${count}`
    this.#usedKeys.add(key)
    return key
  }

  /** The task waits for its client exactly as long as a question is open; one change at a time. */
  #settleState(): void {
    this.#turn = this.#turn
      .then(async () => {
        const wanted = this.isAsking ? 'input_required' : 'working'
        if (this.signal.aborted || wanted === this.#state) return
        if (await this.#tasks.change(this.id, { state: wanted })) this.#state = wanted
      })
      // The disk takes it with the next change; what the client sees is what is asked now.
      .catch(() => undefined)
  }
}

function isQuestion(value: unknown): value is Question {
  return isObject(value) && typeof value['method'] === 'string'
}

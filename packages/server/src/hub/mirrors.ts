import {
  ParleyError,
  toParleyError,
  type CapabilityName,
  type Principal,
  type TaskId,
} from '@parley/contract'
import {
  TaskDocument,
  type A2aTask,
  type A2aVersion,
  type StreamResponse,
  type TaskPushNotificationConfig,
} from '../a2a/index.ts'
import type { AgentEntry } from '../directory/index.ts'
import { isFinal, type Task } from '../tasks/index.ts'
import { Follower } from './follower.ts'
import type { HubTools } from './hub-call.ts'
import { Mirror } from './mirror.ts'
import { RecentDocuments } from './recent-documents.ts'
import { renameTask, type TaskName, type TaskNames } from './task-names.ts'
import { toTaskState, wordsOf } from './task-states.ts'

/** A task as an agent answered it, and for whom it is to be kept. */
export interface Adopted {
  readonly principal: Principal
  readonly owner: string
  readonly agent: AgentEntry
  readonly task: A2aTask
  readonly contextId: string
  readonly capability: CapabilityName
  readonly argumentsDigest: string | undefined
  readonly messageKey: string | undefined
  /** Who wants to be told of it, from its first state on. */
  readonly config: TaskPushNotificationConfig | undefined
  readonly version: A2aVersion
  /** Whether the message went to a task that is kept. */
  readonly isContinued: boolean
}

/** A task that is on disk, with what it holds and its names. */
export type KeptTask = Pick<Mirror, 'task' | 'document' | 'name'>

/** Refreshed at once after a start. */
const RESUMED_AT_ONCE = 32

/** The tasks of agents that are under way: each is read from the store once, and followed by one stream whoever asks. */
export class Mirrors {
  readonly #tools: HubTools
  readonly #names: TaskNames
  readonly #open = new Map<TaskId, Mirror>()
  readonly #follower: Follower
  readonly #recent = new RecentDocuments()
  #isClosed = false

  constructor(tools: HubTools, names: TaskNames) {
    this.#tools = tools
    this.#names = names
    this.#follower = new Follower(tools, (mirror) => this.#open.get(mirror.task.id) === mirror)
  }

  /** The one mirror of a task; undefined for what cannot be told any more: its retention is over. */
  of(task: Task): Mirror | undefined {
    const open = this.#open.get(task.id)
    if (open) return open
    const name = this.#names.nameOf(task)
    const document = this.documentOf(task)
    if (!name || !document) return undefined
    return this.#add(task, name, document)
  }

  /** The mirror where one is open. */
  find(id: TaskId): Mirror | undefined {
    return this.#open.get(id)
  }

  documentOf(task: Task): TaskDocument | undefined {
    const { id } = task
    const known = this.#open.get(id)?.document ?? this.#recent.find(task)
    if (known) return known
    const document = TaskDocument.from(this.#tools.tasks.partsOf(id) as readonly StreamResponse[])
    if (document && isFinal(task.state)) this.#recent.keep(task, document)
    return document
  }

  /**
   * Keeps what an agent answered: resolves once it is on disk. A task that is known is brought up to date; a new one gets
   * its names. Throws `conflict` when its message has made a task before.
   */
  async adopt(adopted: Adopted): Promise<KeptTask> {
    const { owner, agent, task: foreign } = adopted
    const foreignKey = this.#names.foreignKey({ owner, agent: agent.name }, foreign.id)
    // A message to a task is answered with that task; for any other it is the unique key that tells in the end. Where an
    // address is configured with it, the task must be known before.
    const isLookedFor = adopted.isContinued || adopted.config !== undefined
    const known = isLookedFor ? this.#tools.tasks.findByForeignKey(foreignKey) : undefined
    if (known) return this.#update(known, adopted)
    try {
      return await this.#create(adopted, foreignKey)
    } catch (error) {
      const there = toParleyError(error).code === 'conflict' && this.#tools.tasks.findByForeignKey(foreignKey)
      if (!there) throw error
      return this.#update(there, adopted)
    }
  }

  async #setWebhook(id: TaskId, { config, principal, version }: Adopted): Promise<void> {
    if (config) await this.#tools.webhooks.set(id, config, { by: principal, version })
  }

  /** The mirror of a task that has just been kept. */
  open({ task, document, name }: KeptTask): Mirror {
    return this.#open.get(task.id) ?? this.#add(task, name, document)
  }

  /** A mirror for a task that goes on: if no stream brings what it tells, it is looked for. */
  follow(kept: KeptTask): Mirror {
    const mirror = this.open(kept)
    if (!mirror.isFollowed) this.#follower.follow(mirror)
    return mirror
  }

  /** Until `follow` is called again: the stream of a message to the task brings what it tells. */
  leave(id: TaskId): void {
    const mirror = this.#open.get(id)
    if (mirror) this.#follower.leave(mirror)
  }

  /** Asks the agent for the task as it stands now. Throws what the agent answers. */
  async refresh(mirror: Mirror): Promise<void> {
    await this.#follower.refresh(mirror)
    await mirror.flushed()
  }

  /** Ends what runs for callers who are meant: at the agent too, as far as it can be reached. */
  cut(isMeant: (principal: Principal) => boolean): void {
    for (const task of this.#tools.tasks.unfinished('a2a')) {
      if (!isMeant(task.principal)) continue
      const mirror = this.of(task)
      if (mirror) this.#cancel(mirror)
    }
  }

  cutOpen(isMeant: (principal: Principal) => boolean): void {
    for (const mirror of this.#open.values())
      if (!mirror.isOver && isMeant(mirror.task.principal)) this.#cancel(mirror)
  }

  async cancel(id: TaskId, words: string): Promise<void> {
    const task = this.#tools.tasks.findAny(id)
    const mirror = task?.face === 'a2a' ? this.of(task) : undefined
    if (!mirror || mirror.isOver) return
    this.#cancel(mirror, words)
    await mirror.flushed()
  }

  #cancel(mirror: Mirror, words = 'What it ran under has been taken back.'): void {
    void this.#follower.cancel(mirror).catch(() => undefined)
    mirror.end('TASK_STATE_CANCELED', words)
  }

  /** After a start: what was under way is looked for at its agent, and goes on. */
  async resume(only?: string): Promise<void> {
    const tasks = this.#tools.tasks
      .unfinished('a2a')
      .filter(({ server }) => only === undefined || server === only)
    const queue = tasks.values()
    const work = async () => {
      for (const task of queue) {
        if (this.#isClosed) return
        const mirror = this.#tools.directory.entry(task.server) && this.of(task)
        if (!mirror) continue
        await this.#follower.refresh(mirror).catch(() => undefined)
        if (!mirror.isOver && !mirror.isFollowed) this.#follower.follow(mirror)
      }
    }
    await Promise.all(Array.from({ length: RESUMED_AT_ONCE }, work))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#follower.close()
    const open = [...this.#open.values()]
    for (const mirror of open) mirror.close()
    await Promise.all(open.map((mirror) => mirror.flushed()))
  }

  async #create(adopted: Adopted, foreignKey: string): Promise<KeptTask> {
    const { task: foreign, agent, contextId } = adopted
    const { webhooks } = this.#tools
    const id = this.#tools.newId('task')
    const name: TaskName = {
      ours: { id, contextId },
      foreign: { taskId: foreign.id, contextId: foreign.contextId },
    }
    const document = new TaskDocument(renameTask(foreign, name))
    const first = { task: document.toTask() }
    await this.#setWebhook(id, adopted)
    const task = await this.#tools.tasks.create({
      id,
      face: 'a2a',
      principal: adopted.principal,
      server: agent.name,
      action: 'SendMessage',
      capability: adopted.capability,
      argumentsDigest: adopted.argumentsDigest,
      state: toTaskState(foreign.status.state),
      message: wordsOf(foreign.status),
      context: contextId,
      foreignKey,
      messageKey: adopted.messageKey,
      upstreamRef: { ...name.foreign },
      parts: [JSON.stringify(first)],
      also: webhooks.wants(id) ? webhooks.enqueue(id, first) : [],
    })
    webhooks.wake(id)
    return { task, document, name }
  }

  async #update(known: Task, adopted: Adopted) {
    const { owner, task, messageKey } = adopted
    // Two owners never share a key; a store that says so is not to be believed.
    if (known.owner !== owner) throw new ParleyError('internal', 'A task has two owners.')
    // The task is found by the message, should it be sent again.
    if (messageKey !== undefined) await this.#tools.tasks.noteMessage(known.id, messageKey)
    await this.#setWebhook(known.id, adopted)
    const mirror = this.of(known)
    if (!mirror) throw new ParleyError('task_not_found', 'The task is not kept any more.')
    mirror.replace(task)
    await mirror.flushed()
    return mirror
  }

  #add(task: Task, name: TaskName, document: TaskDocument): Mirror {
    const { tasks, webhooks, clock, limits, onError } = this.#tools
    const mirror = new Mirror(
      { tasks, webhooks, clock, taskBytes: limits.taskBytes, onError },
      { task, name, document },
    )
    mirror.onIdle = () => {
      if (mirror.isOver || !this.#follower.isWatching(mirror)) this.#open.delete(task.id)
    }
    this.#open.set(task.id, mirror)
    return mirror
  }
}

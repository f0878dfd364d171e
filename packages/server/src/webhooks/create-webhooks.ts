import { ParleyError, type TaskId, type WebhookId } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import { eventToV03 } from '../a2a/index.ts'
import type { A2aVersion, StreamResponse, TaskPushNotificationConfig } from '../a2a/index.ts'
import type { Egress } from '../egress/index.ts'
import { parseExactly } from '../lib/exact-numbers.ts'
import type { NewId } from '../lib/random.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Unit } from '../store/index.ts'
import { checkConfig, type CheckedConfig } from './check-config.ts'
import { Courier, type CourierTools } from './courier.ts'
import { Inbox, type InboxTools } from './inbox.ts'
import { Outbox } from './outbox.ts'
import { pageOfConfigs } from './page-of-configs.ts'
import { TaskTurns } from './task-turns.ts'
import { WebhookBook, type Entry } from './webhook-book.ts'
import { WebhookOutlets } from './webhook-outlets.ts'
import { WebhookStore } from './webhook-store.ts'
import { ownerOf, toConfig, type Setter, type Webhook, type WebhookLimits } from './webhook.ts'
import type { TaskSide, WebhookStanding, Webhooks } from './webhooks.ts'

export interface WebhookTools extends Omit<CourierTools, 'limits'>, Omit<InboxTools, 'limits'> {
  readonly activity: Activity
  readonly newId: NewId
  readonly sealer: Sealer
  readonly egress: Egress
  /** `webhooks.allow` of parley.yaml. */
  readonly allow: readonly string[]
  readonly limits: WebhookLimits
  /** Whether who set it may still be told: their grant stands. Asked before each attempt. */
  readonly mayBeTold: (setter: Setter) => boolean
}

/** Of all places, one who acts may have so many. */
const SHARE_OF_ONE = 0.1
const HUB: Setter = { subject: 'hub', chain: [], face: 'hub' }
const RULES = { a2a: 'builtin:owner', api: 'builtin:role', hub: 'builtin:webhook', mcp: 'builtin:owner' }

export function createWebhooks(tools: WebhookTools): Webhooks {
  return new DurableWebhooks(tools)
}

class DurableWebhooks implements Webhooks {
  readonly #tools: WebhookTools
  readonly #store: WebhookStore
  readonly #book = new WebhookBook()
  readonly #outlets: WebhookOutlets
  readonly #outbox: Outbox
  readonly #courier: Courier
  readonly #inbox: Inbox
  readonly #turns = new TaskTurns()
  #tasks: TaskSide | undefined
  #isStarted = false

  constructor(tools: WebhookTools) {
    this.#tools = tools
    this.#store = new WebhookStore(tools.store, tools.sealer)
    this.#outlets = new WebhookOutlets(tools.egress, tools.allow)
    this.#outbox = new Outbox(tools, this.#book, this.#store)
    this.#inbox = new Inbox(tools, this.#store, () => this.#tasks)
    this.#courier = new Courier(tools, {
      book: this.#book,
      webhooks: this.#store,
      outlets: this.#outlets,
      readState: ({ task }) => {
        const found = this.#tasks?.readTask(task)
        return found && JSON.stringify({ task: found })
      },
      toLegacy: (body) => JSON.stringify(eventToV03(parseExactly(body) as StreamResponse, 'kind')),
      mayBeTold: ({ setter }) => tools.mayBeTold(setter),
      disable: (entry, reason) => this.#disable(entry, reason),
    })
    const backlogs = this.#store.backlogs()
    for (const webhook of this.#store.all()) {
      this.#book.take(webhook.owner)
      this.#book.add(webhook, backlogs.get(webhook.id))
    }
  }

  get inbox() {
    return this.#inbox.answer
  }

  async set(
    task: TaskId,
    config: TaskPushNotificationConfig,
    { by, version }: { readonly by: Setter; readonly version: A2aVersion },
  ): Promise<TaskPushNotificationConfig> {
    const checked = checkConfig(config)
    const find = () => (checked.name === undefined ? undefined : this.#book.named(task, checked.name))
    // What is one too many costs no name lookup.
    if (!find()) this.#checkRoom(task, ownerOf(by))
    await this.#outlets.admit(checked.url)
    return this.#turns.run(task, async () => {
      const known = find()
      const entry = known
        ? await this.#replace(known, checked, { by, version })
        : await this.#add(task, checked, { by, version })
      return toConfig(entry.webhook)
    })
  }

  get(task: TaskId, id: string): TaskPushNotificationConfig | undefined {
    const entry = this.#book.named(task, id)
    return entry && toConfig(entry.webhook)
  }

  list(task: TaskId, page: { readonly size: number; readonly token: string }) {
    return pageOfConfigs(
      this.#book.of(task).map(({ webhook }) => webhook),
      page,
    )
  }

  remove(task: TaskId, id: string, by: Setter): Promise<void> {
    return this.#turns.run(task, async () => {
      const entry = this.#book.named(task, id)
      if (entry) await this.#remove(entry, by)
    })
  }

  wants(task: TaskId): boolean {
    return this.#book.of(task).some(({ webhook }) => webhook.state === 'active')
  }

  enqueue(...what: Parameters<Webhooks['enqueue']>) {
    return this.#outbox.enqueue(...what)
  }

  wake(task: TaskId): void {
    if (this.#isStarted) for (const entry of this.#book.of(task)) this.#courier.wake(entry)
  }

  forget(tasks: readonly TaskId[]) {
    return this.#store.forget(tasks)
  }

  forgotten(tasks: readonly TaskId[]): void {
    for (const task of tasks) for (const entry of this.#book.of(task)) this.#drop(entry)
  }

  attach(tasks: TaskSide): void {
    this.#tasks = tasks
  }

  start(): void {
    if (!this.#tasks) return
    this.#isStarted = true
    for (const entry of this.#book.all()) if (entry.waiting > 0) this.#courier.wake(entry)
  }

  openInbox(task: TaskId): Promise<string> {
    return this.#inbox.open(task)
  }

  closeInbox(task: TaskId) {
    return this.#store.closeInbox(task)
  }

  all(): readonly WebhookStanding[] {
    return this.#book.all().map(standingOf)
  }

  async enable(id: WebhookId, by: Setter): Promise<WebhookStanding | undefined> {
    const found = this.#book.find(id)
    if (!found) return undefined
    return this.#turns.run(found.webhook.task, async () => {
      const entry = this.#book.find(id)
      if (!entry || entry.webhook.state === 'active') return entry && standingOf(entry)
      const webhook = working(entry.webhook, this.#tools.clock.now())
      await this.#commit('webhook.enable', webhook, by, [
        this.#store.change(webhook, 'disabled'),
        ...this.#outbox.putState(entry),
      ])
      entry.webhook = webhook
      if (this.#isStarted) this.#courier.wake(entry)
      return standingOf(entry)
    })
  }

  async removeAny(id: WebhookId, by: Setter): Promise<boolean> {
    const found = this.#book.find(id)
    if (!found) return false
    await this.#turns.run(found.webhook.task, () => this.#remove(found, by))
    return true
  }

  async cut(isMeant: (setter: Setter) => boolean): Promise<void> {
    const meant = this.#book.all().filter(({ webhook }) => isMeant(webhook.setter))
    await Promise.all(
      meant.map(async (entry) => {
        // First, so that nothing more is begun; a hub that is killed now looks at the grant.
        this.#drop(entry)
        const { webhook } = entry
        const unit = this.#store.remove(webhook.id)
        await this.#commit('webhook.remove', webhook, HUB, unit).catch((error: unknown) =>
          this.#tools.onError('a webhook of who may no more could not be removed', error),
        )
      }),
    )
  }

  counts() {
    const all = this.#book.all()
    const active = all.filter(({ webhook }) => webhook.state === 'active').length
    const { waiting } = this.#book
    return { ...this.#courier.counts, waiting, active, disabled: all.length - active }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#courier.close()
    await this.#outlets.close()
  }

  async #add(task: TaskId, checked: CheckedConfig, { by, version }: { by: Setter; version: A2aVersion }) {
    const owner = ownerOf(by)
    this.#checkRoom(task, owner)
    const id = this.#tools.newId('webhook')
    const now = this.#tools.clock.now()
    const webhook: Webhook = {
      id,
      task,
      name: checked.name ?? id,
      url: checked.url,
      version,
      scheme: checked.scheme,
      setter: setterOf(by),
      owner,
      ...UNTRIED,
      createdAt: now,
      changedAt: now,
    }
    this.#book.take(owner)
    try {
      await this.#commit('webhook.set', webhook, by, [this.#store.insert(webhook, checked)])
    } catch (error) {
      this.#book.give(owner)
      throw error
    }
    return this.#book.add(webhook)
  }

  async #replace(
    entry: Entry,
    { url, scheme, ...secrets }: CheckedConfig,
    { by, version }: { by: Setter; version: A2aVersion },
  ) {
    const wasDisabled = entry.webhook.state === 'disabled'
    const webhook = {
      ...working(entry.webhook, this.#tools.clock.now()),
      url,
      scheme,
      version,
      setter: setterOf(by),
    }
    const replaced = this.#store.replace(webhook, secrets)
    // While it was disabled nothing was put down for it.
    const missed = wasDisabled ? this.#outbox.putState(entry) : []
    await this.#commit('webhook.set', webhook, by, [replaced, ...missed])
    entry.webhook = webhook
    if (this.#isStarted) this.#courier.wake(entry)
    return entry
  }

  async #remove(entry: Entry, by: Setter): Promise<void> {
    if (entry.isRemoved) return
    const { webhook } = entry
    await this.#commit('webhook.remove', webhook, by, this.#store.remove(webhook.id))
    this.#drop(entry)
  }

  #drop(entry: Entry): void {
    this.#book.remove(entry)
    this.#courier.stopResting(entry)
  }

  async #disable(entry: Entry, reason: string): Promise<void> {
    const changedAt = this.#tools.clock.now()
    const failures = entry.webhook.failures + 1
    const webhook: Webhook = {
      ...entry.webhook,
      state: 'disabled',
      reason,
      failures,
      retryAt: undefined,
      changedAt,
    }
    // First, so that nothing more is put down for it.
    entry.webhook = webhook
    this.#book.count(entry, { events: 0, bytes: 0 })
    const unit = [this.#store.change(webhook, 'active'), this.#store.clear(webhook.id)]
    await this.#commit('webhook.disable', webhook, HUB, unit).catch((error: unknown) =>
      this.#tools.onError('that an address is told nothing more could not be written', error),
    )
  }

  #checkRoom(task: TaskId, owner: string): void {
    const { webhooks, webhooksPerTask } = this.#tools.limits
    if (this.#book.of(task).length >= webhooksPerTask)
      throw tooMany(`The task has ${webhooksPerTask} push notification configurations, as many as it may.`)
    if (this.#book.takenBy(owner) >= Math.ceil(webhooks * SHARE_OF_ONE))
      throw tooMany('You have as many push notification configurations as you may; delete some.')
    if (this.#book.taken >= webhooks)
      throw tooMany('The hub has as many push notification configurations as it may; try again later.')
  }

  /** Throws `conflict` when somebody else was faster. The note tells the origin alone: what follows may be a secret. */
  async #commit(
    action: string,
    { id, task, url, reason }: Webhook,
    { subject, chain, person, app, grant, face = 'a2a' }: Setter,
    unit: Unit,
  ): Promise<void> {
    const { store, activity } = this.#tools
    const record = recordOf(this.#tools, {
      action,
      face,
      subject,
      chain,
      ...(person !== undefined && { person }),
      ...(app !== undefined && { app }),
      ...(grant !== undefined && { grant }),
      policies: [RULES[face]],
      note: [`${id} of ${task} at ${new URL(url).origin}`, ...(reason === undefined ? [] : [reason])].join(
        ': ',
      ),
    })
    const result = await store.submit([...unit, activity.statement(record)])
    if (result.kind === 'conflict')
      throw new ParleyError('conflict', 'Someone changed this at the same moment; try again.')
  }
}

const UNTRIED = {
  state: 'active',
  reason: undefined,
  failures: 0,
  failingSince: undefined,
  retryAt: undefined,
} as const

function working(webhook: Webhook, changedAt: number): Webhook {
  return { ...webhook, ...UNTRIED, changedAt }
}

function standingOf({ webhook, waiting }: Entry): WebhookStanding {
  return { webhook, waiting }
}

function setterOf({ subject, chain, person, app, grant }: Setter): Setter {
  return { subject, chain, person, app, grant }
}

function tooMany(message: string): ParleyError {
  return new ParleyError('rate_limited', message, { data: { limit: 'webhooks' } })
}

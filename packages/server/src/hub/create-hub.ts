import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError, toParleyError, type Principal, type TaskId } from '@parley/contract'
import { TaskDocument, type A2aTask, type StreamResponse } from '../a2a/index.ts'
import { Running, sendProblem, type GrpcCall } from '../http/index.ts'
import { Challenge, type Authenticated } from '../identity/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { isFinal } from '../tasks/index.ts'
import { GrpcFace } from './grpc-face.ts'
import { askInProcess } from './ask-in-process.ts'
import { Delegations } from './delegations.ts'
import { serveCard } from './serve-card.ts'
import type { HubTools, Received } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { receiveJsonRpc } from './json-rpc-face.ts'
import { HeldSends } from './held-sends.ts'
import { OWN_AGENT, createOwnAgent } from './own-agent.ts'
import { Mirrors } from './mirrors.ts'
import { readAddress, type Address } from './read-address.ts'
import type { ReadBody } from './read-body.ts'
import { RecentSends } from './recent-sends.ts'
import { failRest, receiveRest } from './rest-face.ts'
import { TaskNames } from './task-names.ts'

/** The A2A face: clients of every version and binding, in front of agents of every version and binding. */
export interface A2aHub {
  /** Serves a request below `/a2a`; `path` is the whole path without the query. */
  handle(req: IncomingMessage, res: ServerResponse, path: string): void
  /** Serves a call over gRPC. */
  handleGrpc(call: GrpcCall): void
  /** Breaks off every exchange that callers who are meant have under way. */
  cut(isMeant: (principal: Principal) => boolean): void
  /** Cancels the tasks that run for callers who are meant. */
  cutTasks(isMeant: (principal: Principal) => boolean): void
  /** The same for those that are followed now, which is cheap enough to be done again and again. */
  cutOpenTasks(isMeant: (principal: Principal) => boolean): void
  /** After a start, or once an agent is there: goes on with what was under way. */
  resume(agent?: string): Promise<void>
  /** Cancels a task by somebody's word who is not its owner, at the agent too; resolves once that is on disk. */
  cancelTask(id: TaskId, words: string): Promise<void>
  /** One message from inside the hub, answered like one from outside. */
  ask(
    principal: Principal,
    agent: string,
    asked: { readonly request: JsonObject; readonly traceparent: string | undefined },
  ): Promise<JsonObject>
  /** A task as it stands on disk. */
  readTask(id: TaskId): A2aTask | undefined
  /** The agent's own id of a task. */
  agentTaskOf(id: TaskId): string | undefined
  /** An agent told of a task of its own accord (specification §4.3.3). */
  notify(id: TaskId, event: StreamResponse): void
  close(): Promise<void>
}

export function createHub(given: HubTools, readBody: ReadBody): A2aHub {
  const tools = withOwnAgent(given)
  const names = new TaskNames(tools.idKey, tools.tasks)
  const mirrors = new Mirrors(tools, names)
  const hub: HubState = {
    tools,
    names,
    mirrors,
    held: new HeldSends(tools, names, mirrors),
    recent: new RecentSends(),
    delegations: new Delegations(tools.limits),
    sending: new Map(),
  }
  const running = new Running()
  const grpc = new GrpcFace(hub)

  function handle(req: IncomingMessage, res: ServerResponse, path: string): void {
    try {
      const address = readAddress(path)
      if (address.kind === 'card') return serveAgentCard(hub, req, res, address.agent)
      if (address.kind === 'notify') return tools.webhooks.inbox(req, res, path)
      if (address.kind === 'nothing') throw nothingHere()
      const resource = `/a2a/agents/${address.agent}`
      const who = tools.authenticate(req.headers.authorization, resource)
      const accepted = (authenticated: Authenticated) =>
        accept(address, { req, res, resource }, authenticated)
      if (!(who instanceof Promise)) return accepted(who)
      who.then(accepted).catch((error: unknown) => refuse(hub, res, { path, error }))
    } catch (error) {
      refuse(hub, res, { path, error })
    }
  }

  function accept(
    address: Exclude<Address, { kind: 'card' | 'notify' | 'nothing' }>,
    endpoint: Pick<Received, 'req' | 'res' | 'resource'>,
    who: Authenticated,
  ): void {
    if (who.kind === 'refused') throw who.error
    const { req, res } = endpoint
    if (res.destroyed) return
    const received: Received = { ...endpoint, principal: who.principal, agentName: address.agent }
    running.enter(who.principal, req, res)
    if (address.kind === 'json-rpc') receiveJsonRpc(hub, received, readBody)
    else receiveRest(hub, received, { path: address.rest, readBody })
  }

  return {
    handle,
    handleGrpc: (call) => grpc.receive(call),
    cut(isMeant) {
      running.cut(isMeant)
      grpc.cut(isMeant)
      for (const [controller, principal] of hub.sending) if (isMeant(principal)) controller.abort()
    },
    cutTasks: (isMeant) => hub.mirrors.cut(isMeant),
    ask: (principal, agent, asked) => askInProcess(hub, principal, { agent, ...asked }),
    cancelTask: (id, words) => hub.mirrors.cancel(id, words),
    cutOpenTasks: (isMeant) => hub.mirrors.cutOpen(isMeant),
    ...taskSide(hub),
    resume(agent) {
      hub.held.resume()
      return hub.mirrors.resume(agent)
    },
    close() {
      hub.held.close()
      return hub.mirrors.close()
    },
  }
}

/** The hub is found among the agents, and is none of those that are listed. */
function withOwnAgent(tools: HubTools): HubTools {
  const own = createOwnAgent({ ...tools, startedAt: tools.clock.now() })
  const { directory } = tools
  return {
    ...tools,
    directory: {
      entry: (name) => (name === OWN_AGENT ? own : directory.entry(name)),
      entries: () => directory.entries(),
      get version() {
        return directory.version
      },
      onChange: (listener) => directory.onChange(listener),
      search: (query, visible) => directory.search(query, visible),
    },
  }
}

function taskSide({ tools, names, mirrors }: HubState): Pick<A2aHub, 'readTask' | 'agentTaskOf' | 'notify'> {
  const find = (id: TaskId) => tools.tasks.findAny(id)
  return {
    readTask: (id) => TaskDocument.from(tools.tasks.partsOf(id) as readonly StreamResponse[])?.toTask(),
    agentTaskOf(id) {
      const task = find(id)
      return task && names.foreignOf(task)?.taskId
    },
    notify(id, event) {
      const task = find(id)
      const mirror = task && !isFinal(task.state) ? mirrors.of(task) : undefined
      mirror?.accept(event)
    },
  }
}

/** Without a credential, unless the agent's card is for those alone who have one (H4). */
function serveAgentCard(hub: HubState, req: IncomingMessage, res: ServerResponse, name: string): void {
  const { tools } = hub
  if (req.method !== 'GET' && req.method !== 'HEAD')
    throw new ParleyError('method_not_allowed', 'Use GET here.')
  const agent = tools.directory.entry(name)
  if (agent?.isPublic) return serveCard(req, res, tools.cards.of(agent))
  const who = tools.authenticate(req.headers.authorization, `/a2a/agents/${name}`)
  const answer = (authenticated: Authenticated) => {
    // Whoever is not known learns alike of agents that are there and of those that are not.
    if (authenticated.kind === 'refused') throw authenticated.error
    if (!agent) throw nothingHere()
    serveCard(req, res, tools.cards.of(agent))
  }
  if (!(who instanceof Promise)) return answer(who)
  who.then(answer).catch((error: unknown) => refuse(hub, res, { path: '', error }))
}

/** Before anything of the request was read: in the form of its binding where that has one for everything. */
function refuse(hub: HubState, res: ServerResponse, { path, error }: { path: string; error: unknown }): void {
  if (path !== '' && readAddress(path).kind === 'http-json')
    return failRest(hub, res, { version: '1.0', error })
  const parleyError = toParleyError(error)
  const headers =
    parleyError instanceof Challenge
      ? ['www-authenticate', parleyError.wwwAuthenticate]
      : parleyError.code === 'method_not_allowed'
        ? ['allow', 'POST']
        : []
  sendProblem(res, parleyError, headers)
}

function nothingHere(): ParleyError {
  return new ParleyError('not_found', 'There is nothing here; agents are at /a2a/agents/{agent}.')
}

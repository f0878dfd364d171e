import { ParleyError, type TaskId } from '@parley/contract'
import type { ListTasksRequest } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { Task } from '../tasks/index.ts'
import type { HubCall } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { toTaskState } from './task-states.ts'

const DEFAULT_PAGE = 50

/** `ListTasks` (specification §3.1.4): the caller's own, the last changed first. */
export function listTasks(hub: HubState, call: HubCall): JsonObject {
  const request = call.request as unknown as ListTasksRequest
  const { owner, agent } = call
  const { contextId, status, statusTimestampAfter, pageToken, includeArtifacts, historyLength } = request
  const pageSize = request.pageSize ?? DEFAULT_PAGE
  const filter = {
    owner,
    server: agent.name,
    context: contextId,
    state: status && toTaskState(status),
    since: statusTimestampAfter === undefined ? undefined : Date.parse(statusTimestampAfter),
  }
  const mark = hub.names.pageMark(filter)
  const after = pageToken ? readPageToken(pageToken, mark) : undefined
  const found = hub.tools.tasks.listOfAgent({ ...filter, after, limit: pageSize + 1 })
  const page = found.slice(0, pageSize)
  const last = found.length > pageSize ? page.at(-1) : undefined
  return {
    tasks: page.flatMap((task) => {
      const document = hub.mirrors.documentOf(task)
      return document ? [document.toTask({ historyLength, withArtifacts: includeArtifacts === true })] : []
    }),
    nextPageToken: last ? writePageToken(last, mark) : '',
    pageSize,
    totalSize: hub.tools.tasks.countOfAgent(filter),
  }
}

/** Where a page ended, good for the same question of the same caller alone (H2). */
function writePageToken({ updatedAt, id }: Task, mark: string): string {
  return Buffer.from(`${mark} ${updatedAt} ${id}`).toString('base64url')
}

function readPageToken(token: string, mark: string): { updatedAt: number; id: TaskId } {
  const [own, updatedAt, id] = Buffer.from(token, 'base64url').toString('utf8').split(' ')
  if (own !== mark || !/^\d{1,16}$/.test(updatedAt ?? '') || !id)
    throw new ParleyError('invalid_params', 'The pageToken is not one that this list gave.', {
      data: [{ field: 'pageToken', description: 'Is not one that this list gave.' }],
    })
  return { updatedAt: Number(updatedAt), id: id as TaskId }
}

import { ParleyError } from '@parley/contract'
import { decodeHeaderValue } from '../../lib/header-value.ts'
import { isObject, type JsonObject, type Outcome } from '../../lib/json-rpc.ts'
import { isFinal, type Task } from '../../tasks/index.ts'
import type { Call, GatewayTools } from '../call.ts'
import { findTask } from './find-task.ts'
import type { TaskRuns } from './task-runs.ts'
import { toDetailedTask } from './task-view.ts'
import { declaresTasks, missingTasks } from './tasks-extension.ts'

const DONE: Outcome = Object.freeze({ result: Object.freeze({ resultType: 'complete' }) })

/** `tasks/get`, `tasks/update` and `tasks/cancel` of the extension (SEP-2663). */
export async function serveTaskMethod(tools: GatewayTools, runs: TaskRuns, call: Call): Promise<Outcome> {
  if (!declaresTasks(call)) throw missingTasks()
  const value = call.envelope.value('params')
  const params: JsonObject = isObject(value) ? value : {}
  checkName(call, params['taskId'])
  const task = findTask(tools, call, params['taskId'])
  if (call.method === 'tasks/update') return update(runs, task, params['inputResponses'])
  if (call.method === 'tasks/cancel') return cancel(tools, task)
  const outcome = isFinal(task.state) ? tools.tasks.outcomeOf(task.id) : undefined
  return { result: { resultType: 'complete', ...toDetailedTask(task, runs.find(task.id), outcome) } }
}

/** `Mcp-Name` mirrors the task's id (SEP-2663, Streamable HTTP: Routing Headers). */
function checkName({ headers }: Call, taskId: unknown): void {
  if (typeof taskId !== 'string') throw new ParleyError('invalid_params', 'params.taskId must be a string.')
  const bad = (what: string) => new ParleyError('header_mismatch', `Header mismatch: ${what}`)
  if (headers.name === undefined) throw bad('Mcp-Name is missing')
  if (decodeHeaderValue(headers.name) !== taskId) throw bad('Mcp-Name differs from params.taskId')
}

/** What answers nothing that is asked now is ignored. */
async function update(runs: TaskRuns, task: Task, responses: unknown): Promise<Outcome> {
  if (!isObject(responses))
    throw new ParleyError('invalid_params', 'params.inputResponses must be an object.')
  const run = runs.find(task.id)
  run?.answer(responses)
  await run?.settled()
  return DONE
}

/** A task that has ended is left as it is. */
async function cancel({ tasks }: GatewayTools, task: Task): Promise<Outcome> {
  if (!isFinal(task.state))
    await tasks.change(task.id, { state: 'cancelled', message: 'The task was cancelled by request.' })
  return DONE
}

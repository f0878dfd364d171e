import type { A2aTask, Artifact, Message, TaskStatus } from '../../a2a/index.ts'
import type { AgentEntry } from '../../directory/index.ts'
import type { Budget } from './budget.ts'
import { joinTexts, presentParts } from './present-parts.ts'
import { Told, tellUnknown } from './told.ts'
import type { Wish } from './wish.ts'

/** Who reads what of whom. */
export interface View {
  readonly wish: Wish
  readonly agent: AgentEntry
  readonly budget: Budget
}

/** The task as its reader takes it. */
export function presentTask(view: View, task: A2aTask): A2aTask {
  const { status, artifacts, history } = task
  return {
    ...task,
    status: presentStatus(view, status),
    ...(artifacts && { artifacts: artifacts.map((artifact) => presentArtifact(view, artifact)) }),
    ...(history && { history: history.map((message) => presentMessage(view, message, true)) }),
  }
}

export function presentStatus(view: View, status: TaskStatus): TaskStatus {
  return status.message ? { ...status, message: presentMessage(view, status.message, true) } : status
}

export function presentArtifact({ wish, agent, budget }: View, artifact: Artifact): Artifact {
  const told = new Told()
  tellUnknown(told, wish, agent)
  const parts = presentParts(joinTexts(artifact.parts, wish), wish, {
    told,
    budget,
    hasText: artifact.parts.some(({ text }) => !!text),
    isAside: false,
  })
  const metadata = told.addTo(artifact.metadata)
  return { ...artifact, parts, ...(metadata && { metadata }) }
}

/** An answer, or a word on the way. What the caller said stays as it was said. */
export function presentMessage({ wish, agent, budget }: View, message: Message, isAside: boolean): Message {
  if (message.role !== 'ROLE_AGENT') return message
  const told = new Told()
  if (!isAside) tellUnknown(told, wish, agent)
  const hasText = message.parts.some(({ text }) => !!text)
  const parts = presentParts(message.parts, wish, { told, budget, hasText, isAside })
  const metadata = told.addTo(message.metadata)
  return { ...message, parts, ...(metadata && { metadata }) }
}

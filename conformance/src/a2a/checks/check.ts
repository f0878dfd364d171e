import type { Binding } from '../wire/operations.ts'
import type { Subject } from '../subject.ts'
import type { Scene } from './scene.ts'

/** One behaviour that requirements ask for. */
export interface Check {
  /** Ids of `requirements.ts`. */
  readonly proves: readonly string[]
  readonly says: string
  /** Default: each of the three. `once` is for what no binding has a part in. */
  readonly bindings?: readonly Binding[] | 'once'
  /** Default 1.0. A check of 0.3 runs where the card has an interface of 0.3. */
  readonly version?: '0.3'
  readonly needs?: readonly Need[]
  /** Tells what it saw. @throws Complaint where it is not as it must be. */
  readonly run: (scene: Scene) => Promise<string>
}

/** What the subject must have for a check to mean something. */
export interface Need {
  readonly what: string
  readonly holds: (subject: Subject) => boolean
}

export class Complaint extends Error {}
/** The subject may do otherwise, so that nothing can be said. */
export class NotJudged extends Error {}

export function insist(condition: unknown, complaint: string): asserts condition {
  if (!condition) throw new Complaint(complaint)
}

export function insistEqual(seen: unknown, wanted: unknown, what: string): void {
  const [one, other] = [JSON.stringify(seen), JSON.stringify(wanted)]
  insist(one === other, `${what} is ${one?.slice(0, 200)} instead of ${other?.slice(0, 200)}`)
}

import type { RawRequest } from '../load/requests.ts'

/** A process that answers requests and is measured. */
export interface System extends AsyncDisposable {
  readonly pid: number
  readonly port: number
}

/** One thing that is measured: a system and the request it is asked again and again. */
export interface Leg {
  readonly name: string
  readonly system: System
  readonly request: RawRequest
}

/** The only two cores a run uses. */
export interface Cores {
  readonly server: number
  readonly load: number
}

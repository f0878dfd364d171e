import type { HubServer } from '../../hub/start-hub.ts'
import type { Revision } from '@parley/contract'
import type { CompletionRequest } from '../drivers/driver.ts'

/** An upstream of the matrix: how it runs, and where to find one of each thing it offers. */
export interface MatrixUpstream {
  id: string
  title: string
  revision: Revision
  /** Starts what must run beside the hub, and says how the hub reaches it. */
  start: () => Promise<StartedUpstream>
  specimen: Specimen
  /** The fixture offers the tools that features with several steps need. */
  isFixture?: boolean
  /** Tried with official clients alone: what others do with servers of its revision shows on the newer ones. */
  isForSdks?: boolean
  /** The data of an error does not leave the server. */
  dropsErrorData?: boolean
}

export interface StartedUpstream {
  server: HubServer
  /** The same upstream with pages of five, where it has them. */
  paged?: HubServer
  stop: () => Promise<void>
}

/** One thing of each kind, with a text its answer contains. What is absent the upstream does not offer. */
export interface Specimen {
  tool: ToolSpecimen
  resource?: { uri: string; expect: string }
  template?: { uriTemplate: string; uri: string; expect: string }
  prompt?: { name: string; args: Record<string, string>; expect: string }
  completion?: CompletionRequest & { expect: string }
  progress?: ToolSpecimen
  structured?: ToolSpecimen & { property: string }
  sampling?: ToolSpecimen
  elicitation?: ToolSpecimen
  urlElicitation?: ToolSpecimen
  roots?: ToolSpecimen
}

export interface ToolSpecimen {
  name: string
  args?: Record<string, unknown>
  expect: string
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ParleyError } from '@parley/contract'
import type { RefusalForm } from '../http/index.ts'

/** Reads a whole body under a limit; answers over-long and broken ones itself and does not call back then. */
export type ReadBody = (
  req: IncomingMessage,
  res: ServerResponse,
  options: {
    readonly limitBytes: number
    /** In the words of the face; as JSON-RPC without it. */
    readonly refusal?: (error: ParleyError) => RefusalForm
  },
  onBody: (body: Buffer) => void,
) => void

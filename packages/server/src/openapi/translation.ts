import type { OpenApiTool } from './operation-call.ts'

/** A document as tools: what its server offers until the document changes. */
export interface Translation {
  readonly title: string
  readonly version: string
  readonly tools: ReadonlyMap<string, OpenApiTool>
  /** Operations that were wanted and cannot be called, in words for people. At most 20, the last one a count. */
  readonly omitted: readonly string[]
}

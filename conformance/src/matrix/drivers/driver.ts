import type { Revision } from '@parley/contract'

/** Where a client connects to. */
export interface Target {
  url: string
  /** The hub's key; absent when the client goes to the upstream directly. */
  key?: string
}

/** One connected client, as the features see it. What a client cannot do, it does not have. */
export interface Driver {
  revision: () => string | undefined
  listTools: () => Promise<ListedTool[]>
  callTool: (call: ToolCall) => Promise<ToolResult>
  listResources?: () => Promise<Array<{ uri: string }>>
  readResource?: (uri: string) => Promise<ResourceContent[]>
  listTemplates?: () => Promise<Array<{ uriTemplate: string }>>
  listPrompts?: () => Promise<Array<{ name: string }>>
  getPrompt?: (name: string, args: Record<string, string>) => Promise<{ messages: unknown[] }>
  complete?: (completion: CompletionRequest) => Promise<string[]>
  live?: LiveDriver
  /** It takes an answer before the progress that comes in the same breath, and then no progress any more. */
  losesLastProgress?: boolean
  close: () => Promise<void>
}

/** What only a client with an open ear can do. */
export interface LiveDriver {
  /** Changes heard so far: `tools`, `prompts`, `resources`, or the URI of an updated resource. */
  changes: string[]
  logs: string[]
  /** Questions of the server that it took back before they were answered. */
  withdrawnQuestions: () => number
  /** Listens for list changes and for updates of one resource. */
  watch: (uri: string) => Promise<void>
}

export interface ToolCall {
  name: string
  args?: Record<string, unknown>
  meta?: Record<string, unknown>
  onProgress?: (progress: number) => void
  signal?: AbortSignal
  /** Ask for log messages of this call (2026-07-28), or of the session from here on. */
  withLogs?: boolean
}

export interface ListedTool {
  name: string
  inputSchema?: unknown
  _meta?: Record<string, unknown>
}

export interface ToolResult {
  content: Array<{ type: string; text?: string }>
  structuredContent?: unknown
  isError?: boolean
  _meta?: Record<string, unknown>
}

export interface ResourceContent {
  uri: string
  mimeType?: string
  text?: string
  _meta?: Record<string, unknown>
}

export interface CompletionRequest {
  ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string }
  argument: { name: string; value: string }
}

/** A client of the matrix. */
export interface MatrixClient {
  id: string
  title: string
  revision: Revision
  connect: (target: Target) => Promise<Driver>
  /** Features this client has no means for, and why. */
  lacks: Record<string, string>
  /** An official client, which has means for every feature of its revision. */
  isSdk?: boolean
}

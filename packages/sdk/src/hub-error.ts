/** What a hub, or an agent behind it, answered instead of what was asked for. The message is for people. */
export class HubError extends Error {
  /** Of OAuth (`invalid_target`), of the management API (`forbidden`) or of JSON-RPC (-32001). */
  readonly code: string | number
  readonly status: number
  /** What a JSON-RPC error says besides. */
  readonly data: unknown

  constructor(message: string, about: { code: string | number; status: number; data?: unknown }) {
    super(message)
    this.name = 'HubError'
    this.code = about.code
    this.status = about.status
    this.data = about.data
  }
}

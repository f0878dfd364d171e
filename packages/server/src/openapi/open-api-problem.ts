/** What stands in an OpenAPI document and cannot be used; `pointer` (RFC 6901) says where. */
export class OpenApiProblem extends Error {
  readonly pointer: string

  constructor(pointer: string, message: string) {
    super(message)
    this.name = 'OpenApiProblem'
    this.pointer = pointer
  }

  /** For people: what is wrong, and where. */
  get sentence(): string {
    return `${this.message} (at #${this.pointer.slice(0, 300)})`
  }
}

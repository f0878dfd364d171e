export interface Settings {
  /** The hub that issues the tokens. */
  readonly issuer: string
  readonly port: number
  /** What tokens must be issued for: the address under which clients call the server. */
  readonly resource: string
}

/** The only place where the examples read the environment. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const port = Number(environment['PORT'] ?? 3000)
  return {
    issuer: environment['ISSUER'] ?? 'http://localhost:4747',
    port,
    resource: environment['RESOURCE'] ?? `http://localhost:${port}/mcp`,
  }
}

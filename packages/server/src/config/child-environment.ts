import { ParleyError } from '@parley/contract'
import type { Environment } from './read-env.ts'
import type { StdioServerConfig } from './config.ts'

/** `${env:NAME}`: the value comes from the hub's own environment when the child starts. */
export const ENV_REFERENCE = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g

/**
 * The whole environment of a stdio server's process: PATH and HOME, then what its `env` names.
 * References are resolved here, at start, so that a secret stands neither in the file nor in `Config`.
 * @throws ParleyError `unavailable` when a referenced variable is not set.
 */
export function childEnvironment(
  server: StdioServerConfig,
  environment: Environment,
  home: string,
): Record<string, string> {
  const child: Record<string, string> = { PATH: environment.path, HOME: home }
  for (const [name, value] of Object.entries(server.env)) {
    child[name] = value.replaceAll(ENV_REFERENCE, (_, reference: string) => {
      const found = environment.lookUp(reference)
      if (found !== undefined) return found
      throw new ParleyError(
        'unavailable',
        `Server "${server.name}" needs the environment variable ${reference}, which is not set for Parley.`,
      )
    })
  }
  return child
}

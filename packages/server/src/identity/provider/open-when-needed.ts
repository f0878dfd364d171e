import type { AuthorizationServer, AuthorizationServerTools } from './assemble-server.ts'

export type OpenServer = () => Promise<AuthorizationServer>

/**
 * The provider at its first use. It is a quarter of the program: a hub that answers only keys and tools starts without it,
 * so nothing else of identity may import `assemble-server` or `library`.
 */
export function openWhenNeeded(tools: AuthorizationServerTools): OpenServer {
  let opened: Promise<AuthorizationServer> | undefined
  return () => (opened ??= open())

  async function open(): Promise<AuthorizationServer> {
    try {
      const { assembleServer } = await import('./assemble-server.ts')
      return assembleServer(tools)
    } catch (error) {
      opened = undefined
      throw error
    }
  }
}

import { HubError } from '@parley/sdk'
import { CliError } from '../cli-error.ts'

/** What a request to an agent came to, as the command line says it. */
export function explainAgentError(error: unknown, { url }: { readonly url: string }): CliError {
  if (error instanceof CliError) return error
  if (error instanceof HubError) {
    if (error.status === 401)
      return new CliError('The hub does not take this credential for agents, or no longer.', {
        code: 'unauthenticated',
        hint: `parley login ${new URL(url).origin}`,
        cause: error,
      })
    return new CliError(error.message, { code: String(error.code), cause: error })
  }
  return new CliError(`No hub answers at ${new URL(url).origin}.`, {
    code: 'no_hub',
    hint: 'Start it with `parley serve`.',
    cause: error,
  })
}

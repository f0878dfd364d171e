import { CliError } from './cli-error.ts'

/** A hub's origin, as every hub is known by. */
export function readHubUrl(text: string): string {
  const url = URL.parse(text)
  const hint = 'Such as https://hub.example.com or http://localhost:4747'
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new CliError('That is not the address of a hub.', { hint })
  return url.origin
}

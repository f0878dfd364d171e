import type { Hub } from './hub.ts'
import { send, type Reply, type Target } from './http.ts'

/** A form to an OAuth endpoint of the hub, without any credential beside what the form says. */
export function postForm(
  hub: Pick<Target, 'port'>,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<Reply> {
  return send(
    { port: hub.port, key: '' },
    {
      path,
      anonymous: true,
      headers: ['Content-Type', 'application/x-www-form-urlencoded'],
      body: new URLSearchParams(form).toString(),
      timeoutMs: 30_000,
    },
  )
}

export function postToken(hub: Pick<Target, 'port'>, form: Readonly<Record<string, string>>): Promise<Reply> {
  return postForm(hub, '/oauth/token', form)
}

export function refreshAt(hub: Pick<Target, 'port'>, refreshToken: string): Promise<Reply> {
  return postToken(hub, { grant_type: 'refresh_token', client_id: 'desk', refresh_token: refreshToken })
}

/** Whether the hub still calls a token of the desk active. */
export async function isActive(hub: Hub, token: string): Promise<boolean> {
  const reply = await postForm(hub, '/oauth/introspect', { client_id: 'desk', token })
  return reply.json?.['active'] === true
}

/** A member of a token response. */
export function tokenIn({ json }: Reply, name: 'access_token' | 'refresh_token'): string {
  const value = json?.[name]
  if (typeof value !== 'string') throw new Error(`there is no ${name} in the answer`)
  return value
}

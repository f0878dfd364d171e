import type { HubClient } from '../hub-client.ts'

const MAX_PAGES = 1000

/** All pages of a list of the management API, under the name that the list has there. */
export async function readPages<item>(hub: HubClient, path: string, name: string): Promise<item[]> {
  const items: item[] = []
  let after: string | null = null
  for (let page = 0; page < MAX_PAGES; page++) {
    const query: string =
      after === null ? '' : `${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(after)}`
    const reply = (await hub.api('GET', path + query)) as Record<string, unknown>
    items.push(...(reply[name] as item[]))
    after = (reply['next'] as string | null | undefined) ?? null
    if (after === null) break
  }
  return items
}

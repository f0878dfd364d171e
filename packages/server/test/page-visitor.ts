import { setTimeout as wait } from 'node:timers/promises'

interface Cookie {
  readonly value: string
  readonly path: string
}

export interface Visited {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/**
 * A browser without a window: keeps cookies by path, follows redirects and pages that go on by themselves within one
 * origin, and stops where it would leave it.
 */
export class PageVisitor {
  readonly #origin: string
  readonly #cookies = new Map<string, Cookie>()

  constructor(origin: string) {
    this.#origin = origin
  }

  open(url: string): Promise<Visited> {
    return this.#go(new URL(url, this.#origin).href, { method: 'GET' })
  }

  /** Asks for the headers of a page alone, and follows nothing. */
  async head(path: string): Promise<Response> {
    const headers = { cookie: this.#cookiesFor(path), accept: 'text/html', 'sec-fetch-site': 'same-origin' }
    return fetch(new URL(path, this.#origin), { method: 'HEAD', redirect: 'manual', headers })
  }

  /** Sends the form of a page: its hidden fields and checked boxes, with these changes. `null` leaves a field out. */
  async submit(page: Visited, changes: Readonly<Record<string, string | null>> = {}): Promise<Visited> {
    const fields = new Map(Object.entries(readForm(page.text)))
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) fields.delete(name)
      else fields.set(name, value)
    }
    const action = /<form\b[^>]*\baction="([^"]*)"/.exec(page.text)?.[1]
    const url = action === undefined ? page.url : new URL(unescape(action), page.url).href
    return this.#go(url, { method: 'POST', body: new URLSearchParams([...fields]) })
  }

  async #go(url: string, init: { method: string; body?: URLSearchParams }): Promise<Visited> {
    const target = new URL(url)
    const response = await fetch(target, {
      ...init,
      redirect: 'manual',
      headers: {
        cookie: this.#cookiesFor(target.pathname),
        accept: 'text/html',
        'sec-fetch-site': 'same-origin',
        ...(init.method === 'POST' ? { origin: this.#origin } : {}),
      },
    })
    this.#keep(response.headers.getSetCookie())
    const visited = { url, status: response.status, headers: response.headers, text: await response.text() }
    const onward = response.headers.get('location') ?? readRefresh(visited.text)
    if (onward === undefined) return visited
    const next = new URL(onward, url)
    if (next.origin !== this.#origin) return { ...visited, url: next.href }
    return this.#go(next.href, { method: 'GET' })
  }

  #cookiesFor(path: string): string {
    const matching = [...this.#cookies].filter(([, cookie]) => path.startsWith(cookie.path))
    return matching.map(([name, { value }]) => `${name}=${value}`).join('; ')
  }

  #keep(headers: readonly string[]): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(/;\s*/)
      const name = pair.slice(0, pair.indexOf('='))
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/'
      const value = pair.slice(name.length + 1)
      const isOver =
        value === '' || attributes.some((one) => /^(?:max-age=0|expires=Thu, 01 Jan 1970)/i.test(one))
      if (isOver) this.#cookies.delete(name)
      else this.#cookies.set(name, { value, path })
    }
  }
}

/** Decides on a consent page as a person would who reads it, and answers where the app is called back. */
export async function decide(
  visitor: PageVisitor,
  page: Visited,
  changes: Readonly<Record<string, string | null>> = {},
): Promise<URL> {
  if (!page.text.includes('name="decision"')) return new URL(page.url)
  await wait(550)
  const after = await visitor.submit(page, { decision: 'allow', ...changes })
  return new URL(after.url)
}

export function readForm(text: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [tag] of text.matchAll(/<input\b[^>]*>/g)) {
    const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]
    const name = attribute('name')
    if (name === undefined) continue
    if (attribute('type') === 'checkbox' && !/\schecked\b/.test(tag)) continue
    fields[unescape(name)] = unescape(attribute('value') ?? '')
  }
  const selected = /<select[^>]*name="([^"]+)"[\s\S]*?<option value="([^"]*)"[^>]*\sselected/.exec(text)
  if (selected) fields[selected[1]!] = selected[2]!
  return fields
}

function readRefresh(text: string): string | undefined {
  const found = /<meta http-equiv="refresh" content="\d+;url=([^"]*)"/.exec(text)
  return found ? unescape(found[1]!) : undefined
}

function unescape(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

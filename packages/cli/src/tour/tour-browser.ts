import { CliError } from '../cli-error.ts'

interface Page {
  readonly url: string
  readonly status: number
  readonly text: string
}

const MAX_HOPS = 20

/** A person's browser without a window: keeps cookies, fills in forms, and goes on where a page of the hub sends it. */
export class TourBrowser {
  readonly #origin: string
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>()

  constructor(origin: string) {
    this.#origin = origin
  }

  open(url: string): Promise<Page> {
    return this.#go(url, { method: 'GET' })
  }

  /** Sends the form of a page with what it holds already and these fields; a `null` leaves one out. */
  async submit(page: Page, fields: Readonly<Record<string, string | null>>): Promise<Page> {
    const form = new Map(hiddenFields(page.text))
    for (const [name, value] of Object.entries(fields)) {
      if (value === null) form.delete(name)
      else form.set(name, value)
    }
    const sent = await this.#go(page.url, { method: 'POST', body: new URLSearchParams([...form]) })
    if (sent.status < 400) return sent
    throw new CliError(`A page of the hub refused the tour: HTTP ${sent.status}`, { code: 'not_ready' })
  }

  async #go(start: string, first: RequestInit): Promise<Page> {
    let [url, init] = [start, first]
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const response = await this.#ask(url, init)
      const text = await response.text()
      const onward = response.headers.get('location') ?? refreshOf(text)
      if (onward === undefined) return { url, status: response.status, text }
      url = new URL(onward, url).href
      init = { method: 'GET' }
    }
    throw new CliError('The pages of the hub lead nowhere.', { code: 'not_ready' })
  }

  async #ask(url: string, init: RequestInit): Promise<Response> {
    const { origin, pathname } = new URL(url)
    const isOwn = origin === this.#origin
    const cookie = [...this.#cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
    const headers = isOwn
      ? {
          cookie,
          'sec-fetch-site': 'same-origin',
          ...(init.method === 'POST' ? { origin: this.#origin } : {}),
        }
      : {}
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    if (isOwn) this.#keep(response.headers.getSetCookie())
    return response
  }

  #keep(headers: readonly string[]): void {
    for (const header of headers) {
      const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(header) ?? []
      const path = /;\s*path=([^;]*)/i.exec(header)?.[1] ?? '/'
      const isOver = value === '' || /;\s*(?:max-age=0|expires=Thu, 01 Jan 1970)/i.test(header)
      if (isOver) this.#cookies.delete(name)
      else this.#cookies.set(name, { value, path })
    }
  }
}

/** What a form sends when nobody touches it, checked boxes included. */
function hiddenFields(text: string): [string, string][] {
  const fields: [string, string][] = []
  for (const [tag] of text.matchAll(/<input\b[^>]*>/g)) {
    const name = attribute(tag, 'name')
    const isUnchecked = attribute(tag, 'type') === 'checkbox' && !/\schecked\b/.test(tag)
    if (name !== undefined && !isUnchecked) fields.push([name, attribute(tag, 'value') ?? ''])
  }
  const select = /<select[^>]*name="([^"]+)"[\s\S]*?<option value="([^"]*)"[^>]*\sselected/.exec(text)
  if (select) fields.push([select[1]!, select[2]!])
  return fields
}

/** The boxes of a page, by their names. */
export function boxesOf(text: string): string[] {
  return [...text.matchAll(/<input\b[^>]*>/g)].flatMap(([tag]) => {
    const name = attribute(tag, 'name')
    return name !== undefined && attribute(tag, 'type') === 'checkbox' ? [name] : []
  })
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return found === undefined ? undefined : decode(found)
}

function refreshOf(text: string): string | undefined {
  const found = /<meta http-equiv="refresh" content="\d+;\s*url=([^"]*)"/.exec(text)?.[1]
  return found === undefined ? undefined : decode(found)
}

function decode(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

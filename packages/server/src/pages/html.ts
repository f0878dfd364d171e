/** Markup that is safe to send: made by `html` from escaped values, never from a string at run time. */
export interface Html {
  readonly markup: string
}

type Value = Html | string | number | undefined | null | false | readonly Value[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * A template whose values become text. Attribute values must stand in double quotes, and a URL must have passed
 * `isWebUrl` or be a path of our own before it becomes an `href`. `false`, `null` and `undefined` become nothing.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  let markup = strings[0]!
  for (const [index, value] of values.entries()) markup += render(value) + strings[index + 1]!
  return { markup }
}

/** Whether a URL from outside may become a link: absolute, and nothing a browser would run. */
export function isWebUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
}

function render(value: Value): string {
  if (value === undefined || value === null || value === false) return ''
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return value.replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!)
  if ('markup' in value) return value.markup
  return value.map(render).join('')
}

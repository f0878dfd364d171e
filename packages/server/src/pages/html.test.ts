import { expect, test } from 'vitest'
import { html, isWebUrl } from './index.ts'

/** What has opened pages of others: tags, attributes, entities, comments, script ends, and what only looks harmless. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><script>alert(1)</script>',
  "' onmouseover='alert(1)",
  '" autofocus onfocus="alert(1)',
  '</title><svg onload=alert(1)>',
  '</textarea><img src=x onerror=alert(1)>',
  '<!--><img src=x onerror=alert(1)>-->',
  ']]><script>alert(1)</script>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;script&#62;',
  '<a href="javascript:alert(1)">x</a>',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '\u2028<script>\u2029',
  '<iframe srcdoc="<script>alert(1)</script>">',
  '{{constructor.constructor("alert(1)")()}}',
]

test.each(HOSTILE)('C4: %s becomes text, in an element and in an attribute', (text) => {
  const { markup } = html`<p title="${text}">${text}</p>`
  const inside = markup.slice('<p title="'.length, -'</p>'.length)
  expect(inside.replace('">', '')).not.toMatch(/[<>"']/)
  const back = inside.split('">')[0]!
  expect(unescape(back)).toBe(text)
})

test('lists and parts are put together, and nothing is made of nothing', () => {
  const items = ['<a>', '<b>'].map((item) => html`<li>${item}</li>`)
  const { markup } = html`<p>${items}</p>`
  expect(markup).toContain('<li>&lt;a&gt;</li><li>&lt;b&gt;</li>')
  expect(html`${null}${undefined}${false}${0}`.markup).toBe('0')
})

test.each([
  ['https://example.com/logo', true],
  ['http://localhost:3000', true],
  ['javascript:alert(1)', false],
  [' javascript:alert(1)', false],
  ['java\nscript:alert(1)', false],
  ['data:text/html,<script>', false],
  ['vbscript:x', false],
  ['//evil.example', false],
  ['/path', false],
  ['', false],
])('C4: %j as a link: %s', (text, expected) => {
  expect(isWebUrl(text)).toBe(expected)
})

function unescape(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

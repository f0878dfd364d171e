import { describe, expect, test } from 'vitest'
import { convert, type Form } from './conversions.ts'

const text = (from: Form, to: Form, source: string) => {
  const made = convert({ text: source }, from, to)
  return made && ('text' in made ? made.text : made.data)
}

const REPORT = `# Weather **today**

It is *cold*, see [the map](https://example.com/map) ![a sun](https://example.com/sun.png).

- coat
  - gloves
1. go

| City | Degrees |
| --- | ---: |
| Bern | 4 |
| Chur | -2 |

\`\`\`js
a < b
\`\`\``

describe('point 7: what the hub converts', () => {
  test('Markdown is read aloud without its marks, tables with the names of their columns', () => {
    expect(text('text/markdown', 'text/plain', REPORT)).toBe(
      'Weather today\n\nIt is cold, see the map (https://example.com/map) a sun.\n\n- coat\n  - gloves\n1. go\n\n' +
        'City: Bern; Degrees: 4\nCity: Chur; Degrees: -2\n\na < b',
    )
  })

  test('Markdown becomes HTML that holds nothing but what the hub makes', () => {
    const html = text('text/markdown', 'text/html', `${REPORT}\n\n<script>x()</script> [a](javascript:x) "q"`)
    expect(html).toContain('<h1>Weather <strong>today</strong></h1>')
    expect(html).toContain('<a href="https://example.com/map">the map</a>')
    expect(html).toContain('<td>Chur</td><td>-2</td>')
    expect(html).toContain('<pre><code>a &lt; b</code></pre>')
    expect(html).toContain('&lt;script&gt;')
    expect(html).not.toMatch(/<script|<img|href="javascript/i)
  })

  test('HTML becomes its words, and what is hidden in it is not said', () => {
    const html = `<!-- no --><style>p{}</style><script>if (a<b) x()</script><h1>Hello &amp; <b>you</b></h1>
      <p>see <img alt="a sun" src="x"></p><ul><li>one<li>two</ul><a title="a>b" href="y">&#x1f600;&#0;</a>`
    expect(text('text/html', 'text/plain', html)).toBe('Hello & you\n\nsee a sun\n\n- one\n- two\n😀')
  })

  test('data becomes labelled lines, a table and CSV; a formula is defused', () => {
    const data = [
      { city: 'Bern', degrees: 4, note: '=1+1' },
      { city: 'Chur, GR', degrees: -2 },
    ]
    expect(convert({ data: { a: { b: [1, { c: 'x' }] } } }, 'application/json', 'text/plain')).toEqual({
      text: 'a:\n  b:\n    - 1\n    2.\n      c: x',
    })
    expect(convert({ data }, 'application/json', 'text/csv')).toEqual({
      text: `city,degrees,note\r\nBern,4,'=1+1\r\n"Chur, GR",-2,\r\n`,
    })
    expect(convert({ data }, 'application/json', 'text/markdown')).toEqual({
      text: '| city | degrees | note |\n| --- | --- | --- |\n| Bern | 4 | =1+1 |\n| Chur, GR | -2 |  |',
    })
  })

  test('CSV and tables in Markdown become data; names of prototypes are names', () => {
    expect(text('text/csv', 'application/json', 'a,__proto__\r\n1,"x ""y"", z"\r\n007,\r\n')).toEqual([
      JSON.parse('{"a":1,"__proto__":"x \\"y\\", z"}'),
      JSON.parse('{"a":"007","__proto__":""}'),
    ])
    expect(text('text/markdown', 'application/json', REPORT)).toEqual([
      { City: 'Bern', Degrees: 4 },
      { City: 'Chur', Degrees: -2 },
    ])
    expect(text('text/markdown', 'application/json', 'no table')).toBeUndefined()
    expect(text('text/csv', 'application/json', 'a,a\r\n1,2')).toBeUndefined()
  })

  test.each<[string, Form, Form, string]>([
    ['brackets', 'text/markdown', 'text/plain', '['],
    ['images', 'text/markdown', 'text/html', '![a]('],
    ['marks', 'text/markdown', 'text/html', '**a '],
    ['ticks', 'text/markdown', 'text/plain', '`a'],
    ['separators', 'text/markdown', 'text/plain', '|\n|-'],
    ['spaces', 'text/markdown', 'text/plain', '|\n         -         '],
    ['quotes', 'text/markdown', 'text/plain', '> '],
    ['tags without an end', 'text/html', 'text/plain', '<a "'],
    ['angles', 'text/html', 'text/plain', '<'],
    ['scripts', 'text/html', 'text/plain', '<script>'],
    ['comments', 'text/html', 'text/plain', '<!--'],
    ['declarations', 'text/html', 'text/plain', '<!'],
    ['quoted cells', 'text/csv', 'application/json', '"'],
  ])('a text full of %s takes no longer than its length asks for', (_, from, to, piece) => {
    const source = piece.repeat(Math.floor((256 * 1024) / piece.length))
    const started = performance.now()
    convert({ text: source }, from, to)
    expect(performance.now() - started).toBeLessThan(2000)
    expect(convert({ text: `${source}${' '.repeat(256 * 1024)}` }, from, to)).toBeUndefined()
  })
})

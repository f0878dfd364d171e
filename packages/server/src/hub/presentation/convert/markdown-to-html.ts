import { escapeHtml } from './escape-html.ts'
import { readInline } from './read-inline.ts'
import { readMarkdown, type Block } from './read-markdown.ts'

/**
 * HTML that holds nothing but what is made here: all words are escaped, addresses are of the web or of mail, and images are
 * their words, so that nothing is loaded when it is shown.
 */
export function markdownToHtml(markdown: string): string {
  const html = readMarkdown(markdown).map(elementOf).join('\n')
  // What stands here as a tag was made here.
  return html.replaceAll('</ul>\n<ul>', '\n').replace(/<\/ol>\n<ol start="\d{1,9}">/g, '\n')
}

function elementOf(block: Block): string {
  switch (block.kind) {
    case 'rule':
      return '<hr>'
    case 'heading':
      return `<h${block.level}>${phrase(block.text)}</h${block.level}>`
    case 'code':
      return `<pre><code>${escapeHtml(block.text)}</code></pre>`
    case 'quote':
      return `<blockquote><p>${phrase(block.text)}</p></blockquote>`
    case 'item': {
      const [tag, start] =
        block.number === undefined ? ['ul', ''] : ['ol', ` start="${Number(block.number)}"`]
      return `<${tag}${start}><li>${phrase(block.text)}</li></${tag}>`
    }
    case 'table':
      return `<table><thead>${row(block.header, 'th')}</thead><tbody>${block.rows.map((one) => row(one, 'td')).join('')}</tbody></table>`
    case 'paragraph':
      return `<p>${phrase(block.text)}</p>`
  }
}

function row(cells: readonly string[], tag: 'th' | 'td'): string {
  return `<tr>${cells.map((cell) => `<${tag}>${phrase(cell)}</${tag}>`).join('')}</tr>`
}

function phrase(text: string): string {
  let out = ''
  for (const one of readInline(text)) {
    if (one.kind === 'open') out += `<${one.mark}>`
    else if (one.kind === 'close') out += `</${one.mark}>`
    else if (one.kind === 'code') out += `<code>${escapeHtml(one.text)}</code>`
    else if (one.kind === 'link' && /^(?:https?:|mailto:)/i.test(one.url))
      out += `<a href="${escapeHtml(one.url)}">${escapeHtml(one.text)}</a>`
    else if ('text' in one) out += withBreaks(one.text)
  }
  return out
}

function withBreaks(text: string): string {
  return escapeHtml(text).replaceAll('\n', '<br>\n')
}
